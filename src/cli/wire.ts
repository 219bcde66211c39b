import { availableParallelism } from 'node:os'
import path from 'node:path'
import { bucketExists, type StoreClients } from '../aws/index.ts'
import { Sweeper } from '../cleanup/index.ts'
import type { Config } from '../config/index.ts'
import {
  Artworks,
  Conversions,
  createInspector,
  JobExpiry,
  JobReader,
  JobRepository,
  OwnArtworks,
  PageView,
  Previews,
  queueBacklog,
  QueueLimits,
  QueueReport,
  QueueView,
  ResultStore,
  Sounds,
  SourceKeeper,
  type runJob,
  Takeover,
  Waveforms,
  WorkFolders,
  Worker,
} from '../conversions/index.ts'
import { encoderOf, FORMATS, type Tools } from '../ffmpeg/index.ts'
import type { Backlog, Metrics } from '../http/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { newId } from '../kernel/ids.ts'
import type { Log } from '../kernel/log.ts'
import type { Tracing } from '../kernel/tracing.ts'
import { heartbeatTiming, OwnPage, ProgressRepository } from '../progress/index.ts'
import { PartRepository, SourceStore, UploadExpiry, UploadRepository, Uploads } from '../uploads/index.ts'

export type ServiceParts = {
  config: Config
  stores: StoreClients
  tools: Tools
  metrics: Metrics
  version: string
  clock: Clock
  log: Log
  tracing: Tracing
}

/** What features are made of; the rest of a process is its HTTP side. */
export type WiringParts = Pick<ServiceParts, 'config' | 'stores' | 'tools' | 'clock' | 'log' | 'tracing'> & {
  metrics: Pick<Metrics, 'countSweep' | 'meter'>
  /** Aborts when the process stops and nobody waits for an answer any more; its reason is what is thrown then. */
  shutdown: AbortSignal
}

/** The features of a process. */
export type Features = ReturnType<typeof wire>

/** Ties the features of a process to its stores, to each other, and to what `convert`s. */
export function wire(parts: WiringParts, convert: Convert) {
  const common = wireCommon(parts)
  const worker: Worker = wireWorker(parts, common, {
    run: (running) => convert(common, running),
    onEnded: (jobId) => reader.doubt(jobId),
  })
  const reader = wireReader(parts, common, worker)
  const uploads = wireUploads(parts, common)
  const conversions = wireConversions(parts, { ...common, worker, reader, uploads })
  const sounds = new Sounds({ ...common, sources: uploads.sources, conversions })
  const heard = {
    waveforms: new Waveforms({ ...common, sounds }),
    artworks: new Artworks({ ...common, sounds }),
    previews: new Previews({ ...common, sounds }),
    ownArtworks: new OwnArtworks({ ...common, sources: uploads.sources }),
  }
  const expiry = { jobs: new JobExpiry(common), uploads: wireUploadExpiry(parts, common) }
  const sweeper = wireSweeper(parts, common, uploads, expiry)
  const backlog = () => lookForBacklog(common, expiry)
  const rest = { sweeper, queueReport: new QueueReport(common), backlog }
  return { ...common, worker, uploads, conversions, sounds, ...heard, ...rest }
}

type Common = ReturnType<typeof wireCommon>
/** What converts a job: {@link runJob}, or what stands in for it where there is no FFmpeg. */
export type Convert = (parts: Common, running: Parameters<typeof runJob>[1]) => ReturnType<typeof runJob>

function wireUploads({ config, stores }: WiringParts, common: Common): Uploads {
  return new Uploads({
    ...common,
    repository: new UploadRepository(stores.interactive, config.tablePrefix),
    partRepository: new PartRepository(stores.interactive, config.tablePrefix),
    store: common.sourceStore,
    inspect: createInspector({ ...common, concurrency: availableParallelism() }),
    maxUploadBytes: config.limits.maxUploadBytes,
    smallestPartBytes: config.smallestPartBytes,
    transport: config.uploadTransport,
  })
}

/** What several features need. Their repositories use the patient client: nobody waits for a worker. */
function wireCommon({ config, stores, clock, log, tracing, shutdown, ...parts }: WiringParts) {
  const workerId = newId()
  const { meter } = parts.metrics
  const tools = { ...parts.tools, onFfmpegEnd: meter.ffmpegEnded }
  const { partsS3, signer, bucket } = stores
  const sourceStore = new SourceStore({ s3: partsS3, signer, bucket })
  const pages = new ProgressRepository(stores.background, config.tablePrefix)
  const timing = heartbeatTiming(config.heartbeatTimeoutMs)
  return {
    clock,
    log,
    tracing,
    shutdown,
    meter,
    tools,
    random: Math.random,
    retentionMs: config.limits.retentionMs,
    maxDurationMs: config.limits.maxDurationMs,
    // A build of FFmpeg may lack an encoder; what cannot be made is not offered.
    formats: FORMATS.filter((format) => encoderOf(format, tools.encoders) !== undefined),
    workerId,
    sourceStore,
    read: (uploadId: string, signal: AbortSignal) => sourceStore.read(uploadId, signal),
    results: new ResultStore({ s3: stores.s3, signer, bucket }),
    folders: new WorkFolders(path.join(config.dataDir, 'tmp'), workerId),
    jobs: new JobRepository(stores.background, config.tablePrefix),
    pages,
    timing,
    page: new OwnPage({ repository: pages, workerId, clock, log, meter, timing }),
  }
}

type Handlers = Pick<ConstructorParameters<typeof Worker>[0], 'run' | 'onEnded'>

function wireWorker({ config, stores }: WiringParts, common: Common, handlers: Handlers) {
  const deadAfterMs = stores.exclusive ? 0 : common.timing.timeoutMs
  return new Worker({
    ...common,
    ...handlers,
    takeover: new Takeover({ ...common, deadAfterMs }),
    concurrency: config.workerConcurrency,
    objectsAnswer: () => bucketExists(stores.s3, stores.bucket),
  })
}

/** Somebody waits for what it reads, so it has the client of little patience. */
function wireReader(
  { config, stores }: WiringParts,
  { clock, meter, page, timing }: Common,
  worker: Worker,
): JobReader {
  const jobs = new JobRepository(stores.interactive, config.tablePrefix)
  const pages = new PageView(new ProgressRepository(stores.interactive, config.tablePrefix), clock, timing)
  const queue = new QueueView(jobs, clock)
  return new JobReader({ jobs, page, pages, queue, leaseOf: (jobId) => worker.leaseOf(jobId), clock, meter })
}

type Served = Common & { worker: Worker; reader: JobReader; uploads: Uploads }

function wireConversions({ config, stores }: WiringParts, served: Served): Conversions {
  const { worker } = served
  const jobs = new JobRepository(stores.interactive, config.tablePrefix)
  return new Conversions({
    ...served,
    jobs,
    limits: new QueueLimits({ jobs, clock: served.clock, ...config.queue }),
    sources: served.uploads.sources,
    expiry: new JobExpiry({ ...served, jobs }),
    pages: new ProgressRepository(stores.interactive, config.tablePrefix),
    onQueued: (job) => {
      if (config.role === 'all') worker.offer(job)
    },
    onCancel: (request) => worker.tell(request),
  })
}

function wireUploadExpiry({ config, stores }: WiringParts, common: Common): UploadExpiry {
  const repository = new UploadRepository(stores.background, config.tablePrefix)
  return new UploadExpiry({ ...common, repository, store: common.sourceStore })
}

type Expiry = { jobs: JobExpiry; uploads: UploadExpiry }

/** Records counted of each kind. */
const MOST_EXPIRED = 500

async function lookForBacklog(common: Common, { jobs, uploads }: Expiry): Promise<Backlog> {
  const [queue, expiredJobs, expiredUploads] = await Promise.all([
    queueBacklog(common.jobs, common.clock),
    jobs.listExpired(MOST_EXPIRED),
    uploads.listExpired(MOST_EXPIRED),
  ])
  return { ...queue, expiredJobs: expiredJobs.length, expiredUploads: expiredUploads.length }
}

function wireSweeper(
  { metrics }: WiringParts,
  common: Common,
  { sources }: Uploads,
  expiry: Expiry,
): Sweeper {
  return new Sweeper({
    ...common,
    ...expiry,
    keeper: new SourceKeeper({ ...common, sources }),
    onSwept: metrics.countSweep,
  })
}
