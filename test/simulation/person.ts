import { StoreUnavailable } from '../../src/aws/index.ts'
import type { Features } from '../../src/cli/wire.ts'
import { JobConflict, JobExpired } from '../../src/conversions/failures.ts'
import type { Seen } from '../../src/conversions/job-status.ts'
import { isBefore, markOf, type Mark } from '../../src/conversions/mark.ts'
import { jobView } from '../../src/conversions/views.ts'
import type { JobView } from '../../src/contract/index.ts'
import { SECOND_MS } from '../../src/kernel/units.ts'
import { UploadExpired, UploadNotFound } from '../../src/uploads/failures.ts'
import { Draining, RETENTION_MS, type Host } from './host.ts'
import { HostClock } from './host-clock.ts'
import { TOLERANCE_MS } from './judge.ts'
import { asError } from './network.ts'
import type { Random } from '../support/random.ts'
import type { Source } from './source.ts'
import type { World } from './world.ts'

const PATIENCE_MS = 15 * SECOND_MS
/** How often somebody looks again after the end of a job, to see that it stays the end. */
const LOOKS_AFTER_THE_END = 4

class NoAnswer extends Error {}

/** What somebody means to do with their job beside watching it. Milliseconds after it was taken in, or after its end. */
export type Plan = {
  arrivesAt: number
  cancelsAfter: number | undefined
  retries: boolean
  deletes: boolean
  /** Shows no entity tag. */
  plain: boolean
}

/** A job as its owner remembers it. */
type Mine = {
  jobId: string
  view: JobView
  mark: Mark
  cancelled: boolean
  deleted: boolean
  plain: boolean
}

/** Somebody with a file, in front of a load balancer: asks, watches, changes their mind; and notices every lie. */
export class Person {
  readonly #world: World
  readonly #hosts: readonly Host[]
  readonly #random: Random
  readonly #clock: HostClock
  readonly name: string
  /** Whether everything this person wanted has come to its end. */
  done = false

  constructor(world: World, name: string, hosts: readonly Host[]) {
    this.#world = world
    this.#hosts = hosts
    this.name = name
    this.#random = world.random.fork()
    this.#clock = new HostClock(world.scheduler, world.scheduler.world)
  }

  async live(source: Source, plan: Plan): Promise<void> {
    await this.#clock.sleep(plan.arrivesAt)
    const seen = await this.#convert(source)
    if (seen) await this.#own(seen, plan)
    this.done = true
  }

  async #convert(source: Source): Promise<Seen | undefined> {
    const request = { uploadId: source.uploadId, format: 'mp3' }
    try {
      return await this.#insist(({ conversions }) =>
        conversions.request(request, { idempotencyKey: `key of ${this.name}` }),
      )
    } catch (error) {
      const isLate = this.#world.scheduler.now > source.expiresAt() - TOLERANCE_MS
      if (isLate && (error instanceof UploadExpired || error instanceof UploadNotFound)) return undefined
      this.#world.judge.accuse(`${this.name} was refused: ${String(error)}`)
      return undefined
    }
  }

  async #own(seen: Seen, plan: Plan): Promise<void> {
    const { jobId } = seen.status.job
    this.#world.tell(this.name, `has job ${jobId}`)
    const mine: Mine = {
      jobId,
      view: jobView(seen),
      mark: markOf(seen.status),
      cancelled: false,
      deleted: false,
      plain: plan.plain,
    }
    const changes = plan.cancelsAfter === undefined ? undefined : this.#cancelAfter(mine, plan.cancelsAfter)
    await this.#watch(mine)
    await changes
    if (plan.retries && ['failed', 'cancelled'].includes(mine.view.state)) await this.#retry(mine)
    if (plan.deletes) await this.#delete(mine)
    for (let look = 0; look < LOOKS_AFTER_THE_END; look++) {
      await this.#clock.sleep(this.#random.between(1, 10) * SECOND_MS)
      await this.#look(mine)
    }
  }

  async #watch(mine: Mine): Promise<void> {
    while (!hasEnded(mine.view) && !mine.deleted) {
      await this.#clock.sleep(mine.view.progress.pollAfterMs)
      await this.#look(mine)
    }
  }

  async #look(mine: Mine): Promise<void> {
    const after = mine.mark
    try {
      const seen = await (mine.plain
        ? this.#askPlainly(mine)
        : this.#ask(({ conversions }) => conversions.find(mine.jobId, after)))
      // What was asked before the job was cancelled may be answered after it.
      if (seen && mine.mark === after) this.#judge(mine, seen)
    } catch (error) {
      this.#excuse(mine, error)
    }
  }

  /**
   * As most programs do it: progress without a tag until the end, then the job itself from whoever answers. What is told
   * of a job that has not ended may be of the past; an end may not.
   */
  async #askPlainly({ jobId, view, mark }: Mine): Promise<Seen | undefined> {
    const exactly = () =>
      this.#ask(({ conversions }) => conversions.find(jobId, undefined, { exactly: true }))
    if (hasEnded(view)) return notStale(await exactly())
    const seen = await this.#ask(({ conversions }) => conversions.find(jobId))
    if (!hasEnded(jobView(seen)) || seen.stale) return undefined
    if (seen.status.job.fence < mark.fence)
      this.#world.judge.accuse(`${this.name} was told of an end of ${jobId} from before it was tried again`)
    return notStale(await exactly())
  }

  async #cancelAfter(mine: Mine, ms: number): Promise<void> {
    await this.#clock.sleep(ms)
    try {
      const seen = await this.#insist(({ conversions }) => conversions.cancel(mine.jobId))
      mine.cancelled = true
      this.#world.tell(this.name, 'has cancelled')
      const { state } = jobView(seen) // a POST carries no mark, so its percentage is that of the process asked
      const mark = markOf(seen.status)
      if (!isBefore(mark, mine.mark)) mine.mark = mark
      if (state !== 'running' && state !== 'cancelled')
        this.#world.judge.accuse(`${this.name} cancelled ${mine.jobId} and was told ${state}`)
    } catch (error) {
      if (!(error instanceof JobConflict)) this.#excuse(mine, error)
    }
  }

  async #retry(mine: Mine): Promise<void> {
    try {
      const seen = await this.#insist(({ conversions }) => conversions.retry(mine.jobId))
      Object.assign(mine, { view: jobView(seen), mark: markOf(seen.status), cancelled: false })
      this.#world.tell(this.name, 'has it tried again')
      await this.#watch(mine)
    } catch (error) {
      // Nobody told that it was queued again, and by now it is done.
      if (error instanceof JobConflict)
        return void Object.assign(mine, { view: { ...mine.view, state: 'running' }, cancelled: false })
      const keptUntil = Date.parse(mine.view.createdAt) + RETENTION_MS
      const isOver = this.#world.scheduler.now > keptUntil - TOLERANCE_MS
      if (!isOver || !(error instanceof UploadExpired)) this.#excuse(mine, error)
    }
  }

  async #delete(mine: Mine): Promise<void> {
    mine.deleted = true
    await this.#insist(({ conversions }) => conversions.remove(mine.jobId)).catch((error: unknown) =>
      this.#excuse(mine, error),
    )
  }

  /** A job that has expired may be called so; anything else that is no answer is a lie. */
  #excuse({ jobId, view, deleted }: Mine, error: unknown): void {
    if (isPassing(error)) return
    const isOver = this.#world.scheduler.now > Date.parse(view.expiresAt) - TOLERANCE_MS
    if (error instanceof JobExpired && (deleted || isOver)) return
    this.#world.judge.accuse(`${this.name} was told of ${jobId}: ${String(error)}`)
  }

  #judge(mine: Mine, seen: Seen): void {
    const { view: before, jobId } = mine
    const view = jobView(seen)
    const accuse = (what: string) => this.#world.judge.accuse(`${this.name} saw ${jobId} ${what}`)
    if ((view.progress.progress === 100) !== (view.state === 'done'))
      accuse(`${view.state} at ${view.progress.progress} %`)
    if (hasEnded(before) && view.state !== before.state) accuse(`${before.state} and then ${view.state}`)
    if (mine.cancelled && !['running', 'cancelled'].includes(view.state))
      accuse(`cancelled and then ${view.state}`)
    const sameAttempt =
      before.state === 'running' && view.state === 'running' && before.attempt === view.attempt
    if (sameAttempt && view.progress.progress < before.progress.progress)
      accuse(`fall from ${before.progress.progress} to ${view.progress.progress} %`)
    const mark = markOf(seen.status)
    if (isBefore(mark, mine.mark)) accuse('go back')
    Object.assign(mine, { view, mark })
  }

  /** Asks one process after the other until there is an answer. */
  async #insist<Answer>(act: (features: Features) => Promise<Answer>): Promise<Answer> {
    for (;;) {
      try {
        return await this.#ask(act)
      } catch (error) {
        if (!isPassing(error)) throw error
        await this.#clock.sleep(this.#random.between(100, 3000))
      }
    }
  }

  #ask<Answer>(act: (features: Features) => Promise<Answer>): Promise<Answer> {
    const { scheduler } = this.#world
    const serving = this.#hosts.filter((host) => host.serves || this.#random.chance(0.1))
    const host = serving[this.#random.between(0, Math.max(0, serving.length - 1))]
    return new Promise((resolve, reject) => {
      const timer = scheduler.after(PATIENCE_MS, scheduler.world, () => reject(new NoAnswer()))
      const settle = (deliver: () => void) => {
        scheduler.cancel(timer)
        deliver()
      }
      host?.serve(act, {
        got: (answer) => settle(() => resolve(answer)),
        refused: (error) => settle(() => reject(asError(error))),
      })
    })
  }
}

/** A store that is away is no lie: the answer says that it is of the past. */
const notStale = (seen: Seen) => (seen.stale ? undefined : seen)
const hasEnded = ({ state }: JobView) => state !== 'queued' && state !== 'running'
const isPassing = (error: unknown) =>
  error instanceof NoAnswer || error instanceof Draining || error instanceof StoreUnavailable
