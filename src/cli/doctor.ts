import { access } from 'node:fs/promises'
import path from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import type { StoreClients } from '../aws/index.ts'
import { loadConfig, type Config } from '../config/index.ts'
import { runJob } from '../conversions/index.ts'
import { diagnose, isWell, rowOf, summaryOf, type CheckResult, type DoctorParts } from '../doctor/index.ts'
import { encoderOf, findTools, FORMATS, type Tools } from '../ffmpeg/index.ts'
import { systemClock, type Clock } from '../kernel/clock.ts'
import { silentLog } from '../kernel/log.ts'
import { silentMeter } from '../kernel/meter.ts'
import { noTracing } from '../kernel/tracing.ts'
import { HOUR_MS, SECOND_MS } from '../kernel/units.ts'
import { connectStores } from './stores.ts'
import { wire } from './wire.ts'

type Environment = Record<string, string | undefined>

export type DoctorOptions = {
  /** Print one JSON document instead of a table. */
  json: boolean
  /** Wait until DynamoDB has deleted a row, at most so many milliseconds. */
  liveTimeoutMs?: number | undefined
}

/** The flags of the command, as they were given. */
export type DoctorFlags = {
  json?: boolean | undefined
  live?: boolean | undefined
  'live-timeout'?: string | undefined
}

const LONGEST_WAIT_HOURS = 30 * 24

/** What the flags ask for; undefined when they make no sense. `--live-timeout` in hours, more than 0, at most 720. */
export function doctorOptions({ json = false, live, ...rest }: DoctorFlags): DoctorOptions | undefined {
  const hours = Number(rest['live-timeout'] ?? 48)
  if (!(hours > 0 && hours <= LONGEST_WAIT_HOURS)) return undefined
  if (rest['live-timeout'] !== undefined && !live) return undefined
  return { json, ...(live && { liveTimeoutMs: hours * HOUR_MS }) }
}

/** Idle workers look for jobs at least every 5 seconds. */
const WAIT_FOR_WORKERS_MS = 10 * SECOND_MS
const LIVE_POLL_MS = 30 * SECOND_MS
const SECRETS = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'ADMIN_KEY']

/** Checks an installation and prints what it found; gives whether nothing failed. SIGINT and SIGTERM stop it in order. */
export async function doctor(environment: Environment, options: DoctorOptions): Promise<boolean> {
  const { json, liveTimeoutMs } = options
  const stopping = new AbortController()
  const stop = () => stopping.abort(new Error('The doctor was stopped.'))
  process.on('SIGINT', stop).on('SIGTERM', stop)
  const live = liveTimeoutMs === undefined ? undefined : { timeoutMs: liveTimeoutMs, pollMs: LIVE_POLL_MS }
  const results: CheckResult[] = []
  for await (const result of diagnose(partsOf(environment, { live }), stopping.signal)) {
    results.push(result)
    if (!json) process.stdout.write(rowOf(result))
  }
  process.off('SIGINT', stop).off('SIGTERM', stop)
  const report = { version: packageJson.version, ok: isWell(results), checks: results }
  process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : summaryOf(results))
  return report.ok
}

/** What the doctor looks at, wired as the service is; `rest` for tests: another clock, or less patience. */
export function partsOf(environment: Environment, rest: Partial<DoctorParts> = {}): DoctorParts {
  const clock = rest.clock ?? systemClock
  let tools: Tools | undefined
  return {
    configure: () => loadConfig(environment),
    async findTools(config) {
      const found = (tools = await findTools(config.tools))
      const isMade = (format: (typeof FORMATS)[number]) => encoderOf(format, found.encoders) !== undefined
      const idsOf = (made: boolean) => FORMATS.filter((one) => isMade(one) === made).map(({ id }) => id)
      return { version: found.version, makes: idsOf(true), lacks: idsOf(false) }
    },
    connect: (config) => connect(config, clock),
    wire(config, stores, shutdown) {
      if (!tools) throw new Error('Nothing can be wired without tools.')
      // As `api`, jobs that are queued here are not taken here, unless they are offered.
      const settings: Config = { ...config, role: 'api' }
      const metrics = { countSweep: () => undefined, meter: silentMeter }
      const log = silentLog
      return wire(
        { config: settings, stores, tools, metrics, clock, log, tracing: noTracing, shutdown },
        runJob,
      )
    },
    clock,
    nodeVersion: process.version,
    secrets: SECRETS.flatMap((name) => environment[name] ?? []),
    waitForWorkersMs: WAIT_FOR_WORKERS_MS,
    ...rest,
  }
}

const UNWATCHED = {
  countUnits: () => undefined,
  watch: { throttled: () => undefined, breaker: () => undefined },
}

/** To open embedded stores makes them, and only `serve` does that. */
async function connect(config: Config, clock: Clock): Promise<StoreClients | undefined> {
  if (config.stores.kind === 'embedded' && !(await exists(path.join(config.dataDir, 's3', 's3.sqlite'))))
    return undefined
  return connectStores({ config, clock, log: silentLog, metrics: UNWATCHED })
}

const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  )
