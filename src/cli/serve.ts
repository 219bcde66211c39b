import { flushCompileCache } from 'node:module'
import packageJson from '../../package.json' with { type: 'json' }
import { loadConfig, type Config } from '../config/index.ts'
import { findTools } from '../ffmpeg/index.ts'
import { createMetrics } from '../http/index.ts'
import { systemClock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { noTracing } from '../kernel/tracing.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { addressOf } from './address.ts'
import { createLog } from './log.ts'
import { createService, type Service } from './service.ts'
import { watchNpm } from './parent.ts'
import { createStopHandler } from './stop-signals.ts'
import { openStores } from './stores.ts'

/** Of the time a stop may take, what is left for closing the stores. */
const CLOSING_MS = SECOND_MS

/** Runs the service until SIGTERM, SIGINT or SIGHUP. Throws when it cannot start. */
export async function serve(environment: Record<string, string | undefined>): Promise<void> {
  const opened = await open(environment)
  const { config, service } = opened
  try {
    await service.app.listen({ port: config.http.port, host: config.http.host })
    await service.start()
  } catch (error) {
    await close(opened)
    throw error
  }
  stopOnSignal(opened, environment) // before anybody is told that it may be stopped
  process.stdout.write(greeting(config, service, opened.ffmpegVersion))
  flushCompileCache() // otherwise written at the end of the process, which `kill -9` never reaches
}

/** Sweeps once, for cron: expired records and orphans. Prints the counts; gives whether all went well. */
export async function sweep(environment: Record<string, string | undefined>): Promise<boolean> {
  const opened = await open(environment)
  try {
    const report = await opened.service.sweeper.sweep({ orphans: true })
    process.stdout.write(`${JSON.stringify(report)}\n`)
    return report.failures === 0
  } finally {
    await close(opened)
  }
}

/** Everything up to the first request: configuration, tools, stores, wiring. */
async function open(environment: Record<string, string | undefined>) {
  const config = loadConfig(environment)
  const log = createLog(config.logLevel)
  const clock = systemClock
  const metrics = createMetrics()
  const { version } = packageJson
  const telemetry = await openTraces(config, { version, log })
  const { tracing } = telemetry
  const tools = await findTools(config.tools)
  const stores = await openStores({ config, clock, log, metrics })
  try {
    const parts = { config, stores, tools, metrics, version, clock, log, tracing }
    const service = await createService(parts)
    return { config, log, stores, telemetry, service, ffmpegVersion: tools.version }
  } catch (error) {
    await stores.close()
    throw error
  }
}

/** Most never send traces: what does takes 40 MiB and half a second to load. */
async function openTraces({ traces }: Config, parts: { version: string; log: Log }) {
  if (!traces) return { tracing: noTracing, close: () => Promise.resolve() }
  const { openTelemetry } = await import('./open-telemetry.ts')
  return openTelemetry(traces, parts)
}

async function close({ service, stores, telemetry }: Opened): Promise<void> {
  await service.app.close()
  await telemetry.close()
  await stores.close()
}

function greeting({ stores, dataDir, http }: Config, { app }: Service, ffmpegVersion: string): string {
  const [address] = app.addresses()
  const port = typeof address === 'object' ? address.port : http.port
  const where = stores.kind === 'endpoints' ? 'S3 and DynamoDB at the given endpoints' : stores.kind
  const lines = [
    ['open', addressOf(http.host, port)],
    ['stores', `${where} (${stores.reason})`],
    ['data', stores.kind === 'embedded' ? dataDir : `bucket ${stores.bucket}; temporary files in ${dataDir}`],
    ['ffmpeg', ffmpegVersion],
  ]
  const rows = lines.map(([name = '', text = '']) => `  ${name.padEnd(8)}${text}\n`).join('')
  return `Tapedeck ${packageJson.version} is ready. Ctrl-C stops it; nothing is lost.\n${rows}`
}

type Opened = Awaited<ReturnType<typeof open>>

function stopOnSignal(opened: Opened, environment: Record<string, string | undefined>): void {
  const stop = () => {
    shutDown(opened).then(
      () => process.exit(0),
      (err: unknown) => {
        opened.log.error({ err }, 'stopping failed')
        process.exit(1)
      },
    )
  }
  const onSignal = createStopHandler(systemClock, { stop, forceStop: () => process.exit(1) })
  // A terminal that is closed sends SIGHUP.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, onSignal)
  watchNpm(environment, onSignal)
}

/** A part on a slow line can take for ever, and so can a store that is away: the time is kept, whatever hangs. */
async function shutDown({ config, service, stores, telemetry, log }: Opened): Promise<void> {
  log.info({}, 'stopping')
  const { stopWithinMs } = config
  const withinMs = stopWithinMs - CLOSING_MS
  const cutOff = setTimeout(() => service.app.server.closeAllConnections(), withinMs)
  const exit = setTimeout(() => {
    log.warn(
      { stopWithinMs },
      'stopped before everything was closed; what was under way is taken up by others',
    )
    process.exit(1)
  }, stopWithinMs)
  await Promise.all([service.app.close(), service.stop({ withinMs })])
  clearTimeout(cutOff)
  await telemetry.close()
  await stores.close()
  clearTimeout(exit)
}
