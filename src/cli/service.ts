import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { bucketExists } from '../aws/index.ts'
import { Sweeper } from '../cleanup/index.ts'
import type { Config } from '../config/index.ts'
import {
  Conversions,
  createInspector,
  JobExpiry,
  JobRepository,
  ResultStore,
  Takeover,
  WorkFolders,
  Worker,
} from '../conversions/index.ts'
import { FORMATS, type Tools } from '../ffmpeg/index.ts'
import { createApp, type createMetrics } from '../http/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { newId } from '../kernel/ids.ts'
import type { Log } from '../kernel/log.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { OwnPage, ProgressRepository } from '../progress/index.ts'
import {
  MOST_IN_FLIGHT_PER_UPLOAD,
  SMALLEST_PART_BYTES,
  SourceStore,
  UploadExpiry,
  UploadRepository,
  Uploads,
} from '../uploads/index.ts'
import type { Stores } from './stores.ts'

const PAGE_DIRECTORY = fileURLToPath(new URL('../../dist/web', import.meta.url))
/** Silence of a worker's page that means death, where other processes may be alive. */
const DEAD_AFTER_MS = 30 * SECOND_MS

export type ServiceParts = {
  config: Config
  stores: Stores
  tools: Tools
  metrics: ReturnType<typeof createMetrics>
  version: string
  clock: Clock
  log: Log
}

/** Everything a process does, by role, wired together. */
export type Service = {
  app: Awaited<ReturnType<typeof createApp>>
  sweeper: Sweeper
  /** Begins to run jobs and to sweep, where the role says so. */
  start(): Promise<void>
  /** Gives jobs under way back and ends the loops. */
  stop(): Promise<void>
}

export async function createService(parts: ServiceParts): Promise<Service> {
  const { config, clock, log } = parts
  const features = wire(parts)
  const { worker, sweeper, folders } = features
  const runsJobs = config.role !== 'api'
  return {
    app: await createApp(appParts(parts, features)),
    sweeper,
    async start() {
      await folders.removeStale()
      if (!runsJobs) return
      worker.start()
      sweeper.start()
    },
    async stop() {
      if (runsJobs) await Promise.all([worker.stop(), sweeper.stop()])
      await folders
        .close()
        .catch((err: unknown) => log.warn({ err, at: clock.now() }, 'temporary files stay'))
    },
  }
}

type Features = ReturnType<typeof wire>

function wire({ config, stores, tools, metrics, clock, log }: ServiceParts) {
  const { limits, tablePrefix } = config
  const workerId = newId()
  const common = { clock, log, retentionMs: limits.retentionMs, maxDurationMs: limits.maxDurationMs, tools }
  const formats = makeable(tools)
  const folders = new WorkFolders(path.join(config.dataDir, 'tmp'), workerId)
  const sources = new SourceStore(stores.s3, stores.bucket)
  const results = new ResultStore(stores.s3, stores.bucket)
  const read: SourceStore['read'] = (uploadId, signal) => sources.read(uploadId, signal)
  const pages = new ProgressRepository(stores.background, tablePrefix)
  const page = new OwnPage({ ...common, repository: pages, workerId })
  const jobs = new JobRepository(stores.background, tablePrefix)
  const deadAfterMs = stores.exclusive ? 0 : DEAD_AFTER_MS
  const takeover = new Takeover({ ...common, jobs, pages, workerId, deadAfterMs })
  const worker = new Worker({
    ...common,
    jobs,
    page,
    takeover,
    workerId,
    results,
    folders,
    read,
    concurrency: config.workerConcurrency,
  })
  const uploads = new Uploads({
    ...common,
    repository: new UploadRepository(stores.interactive, tablePrefix),
    store: sources,
    inspect: createInspector({ ...common, read, folders }),
    maxUploadBytes: limits.maxUploadBytes,
  })
  const conversions = new Conversions({
    ...common,
    jobs: new JobRepository(stores.interactive, tablePrefix),
    uploads,
    results,
    formats,
    page,
    pages: new ProgressRepository(stores.interactive, tablePrefix),
    onQueued: (job) => {
      if (config.role === 'all') worker.offer(job)
    },
    onCancel: (request) => worker.cancel(request),
  })
  const repository = new UploadRepository(stores.background, tablePrefix)
  const expiry = new JobExpiry({ ...common, jobs, results })
  const sweeper = new Sweeper({
    ...common,
    uploads: new UploadExpiry({ ...common, repository, store: sources }),
    jobs: expiry,
    onSwept: metrics.countSweep,
  })
  return { formats, uploads, conversions, expiry, worker, sweeper, folders, jobs }
}

function appParts(parts: ServiceParts, { formats, uploads, conversions, expiry, sweeper, jobs }: Features) {
  const { config, stores, metrics, version, clock, log } = parts
  const { maxUploadBytes, maxDurationMs, retentionMs } = config.limits
  const api = {
    uploads,
    conversions,
    expiry,
    sweeper,
    adminKey: config.adminKey,
    trustsLoopback: stores.exclusive,
    clock,
    formats,
    downloadTransport: config.downloadTransport,
    pageDirectory: PAGE_DIRECTORY,
    limits: {
      maxUploadBytes,
      maxDurationMs,
      retentionMs,
      partSize: SMALLEST_PART_BYTES,
      maxParallel: MOST_IN_FLIGHT_PER_UPLOAD,
    },
  }
  return {
    ...(config.role !== 'worker' && { api }),
    checks: {
      state: () => jobs.find(newId()), // there is none of this id: the cheapest read there is
      objects: () => bucketExists(stores.s3, stores.bucket),
    },
    metrics: metrics.registry,
    version,
    allowedHosts: config.http.allowedHosts,
    clock,
    log,
  }
}

/** A build of FFmpeg may lack an encoder; what cannot be made is not offered. */
const makeable = (tools: Tools) => FORMATS.filter(({ encoder }) => tools.encoders.has(encoder))
