import { newId } from '../kernel/ids.ts'
import { SECOND_MS } from '../kernel/units.ts'
import type { HeartbeatTiming, OwnPage, PageRequest } from '../progress/index.ts'
import { Execution, type ExecutionParts } from './execution.ts'
import type { JobRepository } from './job-repository.ts'
import type { Job, LeasedJob } from './job.ts'
import { Pauses } from './pauses.ts'
import type { Takeover } from './takeover.ts'

/** Between two looks at the queue. */
const POLL = { shortestMs: SECOND_MS / 2, longestMs: 5 * SECOND_MS }
/** Between two looks for jobs of dead workers; more often where silence counts as death sooner. */
const WATCH = { shortestMs: SECOND_MS / 2, longestMs: 10 * SECOND_MS }
/** Candidates looked at in one poll. */
const CANDIDATES = 20

export type WorkerParts = ExecutionParts & {
  jobs: Pick<JobRepository, 'claim' | 'find' | 'listQueued'>
  page: Pick<OwnPage, 'onRequest' | 'run' | 'stop'>
  takeover: Pick<Takeover, 'look'>
  timing: HeartbeatTiming
  workerId: string
  /** Jobs run at once. */
  concurrency: number
  /** Whether the store of objects answers: asked before a claim once it did not. */
  objectsAnswer: () => Promise<boolean>
  /** Told of every job that left this process's hands. */
  onEnded: (jobId: string) => void
}

/** Runs jobs: claims them, lets each be executed under the fence of its lease, and looks after those of the dead. */
export class Worker {
  readonly #parts: WorkerParts
  /** Jobs that take a slot: being claimed, or executed. */
  readonly #slots = new Map<string, { ended: Promise<void>; execution?: Execution }>()
  readonly #stopping = new AbortController()
  readonly #polls: Pauses
  readonly #watches: Pauses
  #objectsAway = false
  #loops: Promise<unknown> = Promise.resolve()

  constructor(parts: WorkerParts) {
    this.#parts = parts
    this.#polls = new Pauses(parts, POLL)
    const longestMs = Math.min(WATCH.longestMs, parts.timing.longestSilenceMs)
    this.#watches = new Pauses(parts, { ...WATCH, longestMs })
    parts.page.onRequest((request) => this.tell(request))
  }

  start(): void {
    const { page, takeover } = this.#parts
    const holds = (jobId: string) => this.#slots.has(jobId)
    this.#loops = Promise.all([
      page.run(),
      this.#repeat(this.#polls, () => this.#claimSome()),
      this.#repeat(this.#watches, () => takeover.look(holds)),
    ])
  }

  /** Starts a job that was just queued here, if there is a free slot; else a poll of anybody will find it. */
  offer(job: Job): void {
    if (this.#isFree() && !this.#objectsAway && !this.#slots.has(job.jobId)) void this.#take(job)
  }

  /** Ends a conversion that runs here under this lease, FFmpeg included; any other lease is left alone. */
  tell({ wish, jobId, fence }: PageRequest): void {
    const execution = this.#slots.get(jobId)?.execution
    if (execution?.job.fence !== fence) return
    if (wish === 'cancel') execution.cancel()
    else execution.revoke()
  }

  /** The lease under which a job runs here for certain. */
  leaseOf(jobId: string): LeasedJob | undefined {
    const execution = this.#slots.get(jobId)?.execution
    return execution?.isCertain ? execution.job : undefined
  }

  /**
   * Takes no more jobs, lets those end that are as good as done within half of `withinMs`, gives the others back, and
   * ends. What is still under way after three quarters of the time is given back, too.
   */
  async stop({ withinMs }: { withinMs: number }): Promise<void> {
    this.#stopping.abort()
    this.#polls.wake()
    this.#watches.wake()
    for (const { execution } of this.#slots.values())
      if ((execution?.etaMs ?? Number.POSITIVE_INFINITY) > withinMs / 2) execution?.release()
    const late = new AbortController()
    void this.#parts.clock.sleep(withinMs * 0.75, late.signal).then(() => this.#releaseAll())
    await Promise.all([...this.#slots.values()].map(({ ended }) => ended))
    late.abort()
    this.#parts.page.stop()
    await this.#loops
  }

  #releaseAll(): void {
    for (const { execution } of this.#slots.values()) execution?.release()
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted
  }

  #isFree(): boolean {
    return !this.#isStopping() && this.#slots.size < this.#parts.concurrency
  }

  /** Does something again and again, soon while it finds work, seldom while it does not. */
  async #repeat(pauses: Pauses, look: () => Promise<number>): Promise<void> {
    while (!this.#isStopping()) {
      try {
        if ((await look()) > 0) pauses.reset()
      } catch (err) {
        this.#parts.log.warn({ err }, 'looking for work failed')
      }
      if (!this.#isStopping()) await pauses.pause()
    }
  }

  /** In random order, so that processes that read the same list do not all reach for the same job. */
  async #claimSome(): Promise<number> {
    const { jobs, clock, random } = this.#parts
    if (!this.#isFree() || !(await this.#canStore())) return 0
    const candidates = shuffled(await jobs.listQueued(CANDIDATES, clock.now()), random)
    let claimed = 0
    for (const jobId of candidates) {
      if (!this.#isFree()) break
      if (this.#slots.has(jobId)) continue
      const job = await jobs.find(jobId)
      if (job && !this.#slots.has(jobId) && (await this.#take(job))) claimed += 1
    }
    return claimed
  }

  /** A job whose source cannot be fetched would only be given back: claims wait until the objects are back. */
  async #canStore(): Promise<boolean> {
    if (this.#objectsAway) this.#objectsAway = !(await this.#parts.objectsAnswer().catch(() => false))
    return !this.#objectsAway
  }

  /** Claims a job and lets it run; false when somebody else has it. Its slot is taken from the first moment on. */
  #take(job: Job): Promise<boolean> {
    const { jobId } = job
    const claimed = this.#claim(job)
    const ended = claimed.then(async (lease) => {
      if (lease) await this.#execute(lease)
      this.#slots.delete(jobId)
      if (lease) this.#parts.onEnded(jobId)
      if (lease) this.#polls.wake() // a slot is free
    })
    this.#slots.set(jobId, { ended })
    return claimed.then((lease) => lease !== undefined)
  }

  async #claim(job: Job): Promise<LeasedJob | undefined> {
    const { jobs, workerId, clock, log } = this.#parts
    try {
      return await jobs.claim(job, { owner: workerId, nonce: newId(), now: clock.now() })
    } catch (err) {
      log.warn({ err, jobId: job.jobId }, 'claim failed')
      return undefined
    }
  }

  async #execute(lease: LeasedJob): Promise<void> {
    const execution = new Execution(this.#parts, lease)
    const slot = this.#slots.get(lease.jobId)
    if (slot) slot.execution = execution
    if (this.#isStopping()) execution.release()
    await execution.run()
    if (execution.storeAway === 'objects') this.#objectsAway = true
  }
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
}
