import { PATIENCE } from '../../src/aws/clients.ts'
import { wire, type Features } from '../../src/cli/wire.ts'
import { loadConfig } from '../../src/config/index.ts'
import { FORMATS } from '../../src/ffmpeg/index.ts'
import { SECOND_MS } from '../../src/kernel/units.ts'
import { silentMeter } from '../../src/kernel/meter.ts'
import { noTracing } from '../../src/kernel/tracing.ts'
import { simDynamo, simS3 } from './clients.ts'
import { conversionOn } from './conversion.ts'
import { HostClock, type Skew } from './host-clock.ts'
import type { Patience, StoreName } from './network.ts'
import { newLane, type Lane } from './scheduler.ts'
import { BUCKET, PREFIX, type World } from './world.ts'

/** As the client of S3 has it. */
const OBJECTS: Patience = { timeoutMs: 30 * SECOND_MS, attempts: 3 }
/** Short, so that a story sees things expire. */
export const RETENTION_MS = 240 * SECOND_MS
const RESTARTS_AFTER_MS = 3 * SECOND_MS
const STOPS_WITHIN_MS = 10 * SECOND_MS
const CONFIG = loadConfig({
  ...{ S3_BUCKET_NAME: BUCKET, S3_ENDPOINT: 'http://sim', DYNAMODB_ENDPOINT: 'http://sim' },
  ...{ DYNAMODB_TABLE_PREFIX: PREFIX, WORKER_CONCURRENCY: '2' },
})
const TOOLS = {
  ...{ ffmpeg: 'none', ffprobe: 'none', version: 'none', soxr: true },
  encoders: new Set(FORMATS.flatMap(({ encoders }) => encoders)),
  wrappers: { setpriv: false, nice: false, prlimit: false },
}

/** A machine with a clock of its own, and the process on it: everything of the program but HTTP and FFmpeg. */
export class Host {
  readonly name: string
  readonly #world: World
  readonly #skew: Skew
  #lives = 0
  #life: { lane: Lane; features: Features; shutdown: AbortController; draining: boolean } | undefined

  constructor(world: World, name: string, skew: Skew) {
    this.#world = world
    this.name = name
    this.#skew = skew
  }

  get lane(): Lane | undefined {
    return this.#life?.lane
  }

  /** Whether a load balancer would send somebody here. */
  get serves(): boolean {
    return this.#life?.lane.state === 'running' && !this.#life.draining
  }

  start(): void {
    if (this.#life) return
    const lane = newLane(`${this.name}.${++this.#lives}`)
    const clock = new HostClock(this.#world.scheduler, lane, this.#skew)
    const shutdown = new AbortController()
    const features = wire(
      {
        ...{
          clock,
          tools: TOOLS,
          stores: this.#stores(lane),
          metrics: { countSweep: () => undefined, meter: silentMeter },
        },
        config: { ...CONFIG, limits: { ...CONFIG.limits, retentionMs: RETENTION_MS } },
        log: this.#log(lane),
        tracing: noTracing,
        shutdown: shutdown.signal,
      },
      conversionOn({ crash: () => this.#crashAndRestart() }),
    )
    this.#life = { lane, features, shutdown, draining: false }
    this.#world.tell(lane.name, 'starts')
    features.worker.start()
    features.sweeper.start()
  }

  /** `kill -9`. */
  crash(): void {
    if (this.#life) this.#world.count('crash')
    this.#end('dies')
  }

  #crashAndRestart(): void {
    const { scheduler } = this.#world
    this.crash()
    scheduler.after(RESTARTS_AFTER_MS, scheduler.world, () => this.start())
  }

  #end(how: string): void {
    if (!this.#life) return
    this.#world.tell(this.#life.lane.name, how)
    this.#world.scheduler.kill(this.#life.lane)
    this.#life = undefined
  }

  pause(): void {
    if (this.#life) this.#world.scheduler.pause(this.#life.lane)
    this.#world.tell(this.name, 'is paused')
  }

  resume(): void {
    if (this.#life) this.#world.scheduler.resume(this.#life.lane)
    this.#world.tell(this.name, 'goes on')
  }

  /** SIGTERM, as `serve` handles it: in order, and within its time. */
  stop(): void {
    const life = this.#life
    if (!life || life.draining) return
    this.#world.tell(life.lane.name, 'is asked to stop')
    this.#world.count('stop')
    life.draining = true
    const end = () => {
      life.shutdown.abort(new Draining())
      if (this.#life === life) this.#end('has stopped')
    }
    const { worker, sweeper } = life.features
    this.#world.scheduler.after(STOPS_WITHIN_MS, life.lane, end)
    void Promise.all([worker.stop({ withinMs: STOPS_WITHIN_MS - SECOND_MS }), sweeper.stop()]).then(end)
  }

  /** Has this process do something for somebody; nothing ever comes back from a dead one. */
  serve<Answer>(act: (features: Features) => Promise<Answer>, answer: Deliver<Answer>): void {
    const life = this.#life
    if (!life) return
    const { scheduler, network } = this.#world
    const back = (deliver: () => void) => scheduler.after(network.latency(), scheduler.world, deliver)
    scheduler.after(network.latency(), life.lane, () => {
      if (life.draining) return void back(() => answer.refused(new Draining()))
      act(life.features).then(
        (value) => back(() => answer.got(value)),
        (error: unknown) => back(() => answer.refused(error)),
      )
    })
  }

  #stores(lane: Lane) {
    const { network, tables, bucket } = this.#world
    const carry =
      (store: StoreName, patience: Patience) =>
      <Answer>(act: () => Answer) =>
        network.call(lane, store, patience, act)
    const s3 = simS3(bucket, carry('objects', OBJECTS))
    return {
      ...{ s3, partsS3: s3, signer: s3 },
      interactive: simDynamo(tables, carry('state', patienceOf('interactive'))),
      background: simDynamo(tables, carry('state', patienceOf('background'))),
      ...{ bucket: BUCKET, exclusive: false, close: () => Promise.resolve() },
    }
  }

  #log(lane: Lane) {
    const write = (fields: Record<string, unknown>, sentence: string) => {
      const { err, ...rest } = fields
      const why = err instanceof Error ? ` (${(err.cause instanceof Error ? err.cause : err).message})` : ''
      this.#world.tell(lane.name, `${sentence} ${JSON.stringify(rest)}${why}`)
      this.#world.count(sentence)
    }
    return { debug: write, info: write, warn: write, error: write }
  }
}

function patienceOf(client: keyof typeof PATIENCE): Patience {
  const { requestTimeout: timeoutMs, maxAttempts: attempts } = PATIENCE[client]
  return { timeoutMs, attempts }
}

export type Deliver<Answer> = { got: (answer: Answer) => void; refused: (error: unknown) => void }

/** This process is stopping: a load balancer tries the next one. */
export class Draining extends Error {}
