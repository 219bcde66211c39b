import { fileURLToPath } from 'node:url'
import { Keyring } from '../access/index.ts'
import { bucketExists, bucketOrigin } from '../aws/index.ts'
import type { Sweeper } from '../cleanup/index.ts'
import { MOST_JOINED } from '../contract/index.ts'
import { runJob } from '../conversions/index.ts'
import { createApp, ShuttingDown, type PageOrigins } from '../http/index.ts'
import { newId } from '../kernel/ids.ts'
import { MOST_IN_FLIGHT_PER_UPLOAD } from '../uploads/index.ts'
import { wire, type Features, type ServiceParts } from './wire.ts'

const PAGE_DIRECTORY = fileURLToPath(new URL('../../dist/web', import.meta.url))
/** Everything a process does, by role, wired together. */
export type Service = {
  app: Awaited<ReturnType<typeof createApp>>
  sweeper: Sweeper
  /** Begins to run jobs and to sweep, where the role says so, and to tell how long a shared queue is. */
  start(): Promise<void>
  /**
   * Lets what is as good as done end, gives other jobs back, and ends the loops, all within the time. What is done for
   * requests goes on until the app is closed, or the time is over.
   */
  stop(options: { withinMs: number }): Promise<void>
}

export async function createService(parts: ServiceParts): Promise<Service> {
  const { config, clock, log } = parts
  const unattended = new AbortController()
  const features = wire({ ...parts, shutdown: unattended.signal }, runJob)
  const { worker, sweeper, queueReport, folders } = features
  parts.metrics.observeBacklog(clock, features.backlog)
  const runsJobs = config.role !== 'api'
  const isOneOfMany = !parts.stores.exclusive // else nothing could be scaled, and nobody asks
  const app = await createApp({ ...appParts(parts, features), pageOrigins: await originsOfPage(parts) })
  const stopUnattended = () => unattended.abort(new ShuttingDown())
  // Every request is answered or cut by then: nobody waits for what is still being done for one.
  app.addHook('onClose', (_, done) => {
    stopUnattended()
    done()
  })
  return {
    app,
    sweeper,
    async start() {
      await folders.removeStale()
      if (isOneOfMany) queueReport.start()
      if (!runsJobs) return
      worker.start()
      sweeper.start()
    },
    async stop({ withinMs }) {
      const jobs = runsJobs ? [worker.stop({ withinMs }), sweeper.stop()] : []
      const requests = clock.sleep(withinMs, unattended.signal).then(stopUnattended)
      await Promise.all([...jobs, requests, queueReport.stop()])
      await folders
        .close()
        .catch((err: unknown) => log.warn({ err, at: clock.now() }, 'temporary files stay'))
    },
  }
}

function appParts(parts: ServiceParts, features: Features) {
  const { config, stores, metrics, version, clock, log, tracing } = parts
  const { uploads, conversions, sounds, waveforms, artworks, ownArtworks, previews } = features
  const { formats, random, sweeper, jobs } = features
  const { maxUploadBytes, maxDurationMs, retentionMs } = config.limits
  const api = {
    uploads,
    conversions,
    sounds,
    waveforms,
    artworks,
    ownArtworks,
    previews,
    random,
    sweeper,
    adminKey: config.adminKey,
    // With keys, being on this machine is no proof of being its operator.
    trustsLoopback: stores.exclusive && config.apiKeys.length === 0,
    clock,
    log,
    formats,
    downloadTransport: config.downloadTransport,
    pageDirectory: PAGE_DIRECTORY,
    limits: {
      maxUploadBytes,
      maxDurationMs,
      retentionMs,
      partSize: config.smallestPartBytes,
      maxParallel: MOST_IN_FLIGHT_PER_UPLOAD,
      maxJoined: MOST_JOINED,
    },
  }
  return {
    ...(config.role !== 'worker' && { api }),
    keyring: config.apiKeys.length > 0 ? new Keyring(config.apiKeys) : undefined,
    corsOrigins: config.http.corsOrigins,
    rateLimitPerMinute: config.http.rateLimitPerMinute,
    checks: {
      state: () => jobs.find(newId()), // there is none of this id: the cheapest read there is
      objects: () => bucketExists(stores.s3, stores.bucket),
    },
    metrics,
    version,
    allowedHosts: config.http.allowedHosts,
    trustedProxies: config.http.trustedProxies,
    publicUrl: config.http.publicUrl,
    clock,
    log,
    tracing,
  }
}

/** Where the page sends parts to, and is sent to for sound, beside this service. */
async function originsOfPage({ config, stores }: ServiceParts): Promise<PageOrigins> {
  const ifDirect = async (transport: 'proxy' | 'direct') =>
    transport === 'direct' ? [await bucketOrigin(stores.signer, stores.bucket)] : []
  return {
    connects: await ifDirect(config.uploadTransport),
    plays: await ifDirect(config.downloadTransport),
  }
}
