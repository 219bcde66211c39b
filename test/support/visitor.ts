import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { JobView, ProgressView } from '../../src/contract/index.ts'
import type { Fleet, Member } from './fleet.ts'

const ASK_EVERY_MS = 150
/** Patience of somebody before a page that does not load. */
const PATIENCE_MS = 10_000

/** One answer about a job; without a view it was a 304 or an error, and without a status none at all. */
export type Answer = { jobId: string; origin: string; status: number | undefined; view?: ProgressView }

/**
 * Somebody with a browser, behind a load balancer that hands each request to the next living member: asks for
 * conversions until they are acknowledged, watches them, and notes whatever breaks a promise of the API.
 */
export class Visitor {
  readonly #fleet: Fleet
  readonly #leaving = new AbortController()
  readonly #tags = new Map<string, string>()
  readonly #last = new Map<string, ProgressView>()
  #turn = 0
  #watching: Promise<void> = Promise.resolve()
  readonly acknowledged = new Set<string>()
  readonly cancelled = new Set<string>()
  readonly answers: Answer[] = []
  readonly violations: string[] = []

  constructor(fleet: Fleet) {
    this.#fleet = fleet
    this.#watching = this.#watch()
  }

  /** Asks for a conversion, with one idempotency key and as often as it takes; gives the job's id. */
  async convert(uploadId: string, format = 'opus', member?: Member): Promise<string> {
    const headers = { 'idempotency-key': randomUUID(), 'content-type': 'application/json' }
    const body = JSON.stringify({ uploadId, format })
    const { id } = await this.#insist('jobs', { method: 'POST', headers, body }, member)
    this.acknowledged.add(id)
    return id
  }

  /** Asks to cancel, as often as it takes; false when the job had ended otherwise before. */
  async cancel(jobId: string, member?: Member): Promise<boolean> {
    const { conflict } = await this.#insist(`jobs/${jobId}/cancel`, { method: 'POST' }, member)
    if (!conflict) this.cancelled.add(jobId)
    return !conflict
  }

  /** Repeats a request while the service says, or shows, that it cannot serve now; anything but 202 and 409 is wrong. */
  async #insist(path: string, init: RequestInit, member?: Member): Promise<JobView & { conflict: boolean }> {
    for (;;) {
      const signal = AbortSignal.any([this.#leaving.signal, AbortSignal.timeout(PATIENCE_MS)])
      const url = `${(member ?? this.#next()).url}/api/${path}`
      const response = await fetch(url, { ...init, signal }).catch(() => undefined)
      this.#leaving.signal.throwIfAborted()
      const text = await response?.text().catch(() => undefined)
      if (text !== undefined && (response?.status === 202 || response?.status === 409))
        return { ...(JSON.parse(text) as JobView), conflict: response.status === 409 }
      if (response && ![202, 409, 503].includes(response.status))
        this.violations.push(`${path}: ${response.status} ${text ?? ''}`)
      await delay(ASK_EVERY_MS)
    }
  }

  /** The last answer about a job. */
  last(jobId: string): ProgressView | undefined {
    return this.#last.get(jobId)
  }

  /** Resolves when a job was seen so. */
  async saw(jobId: string, enough: (view: ProgressView) => boolean): Promise<ProgressView> {
    for (;;) {
      const view = this.last(jobId)
      if (view && enough(view)) return view
      this.#leaving.signal.throwIfAborted()
      await delay(ASK_EVERY_MS / 3)
    }
  }

  /** Resolves when every acknowledged job was seen in a final state. */
  async sawAllEnd(): Promise<void> {
    for (const jobId of this.acknowledged) await this.saw(jobId, isFinal)
  }

  async leave(): Promise<void> {
    this.#leaving.abort(new Error('The visitor has left.'))
    await this.#watching
  }

  #next(): Member {
    const living = this.#fleet.members.filter(({ answers }) => answers)
    const member = living[this.#turn++ % living.length]
    if (!member) throw new Error('No member is alive.')
    return member
  }

  async #watch(): Promise<void> {
    while (!this.#leaving.signal.aborted) {
      for (const jobId of this.acknowledged) await this.#look(jobId, this.#next())
      await delay(ASK_EVERY_MS, undefined, { signal: this.#leaving.signal }).catch(() => undefined)
    }
  }

  async #look(jobId: string, { url: origin }: Member): Promise<void> {
    const tag = this.#tags.get(jobId)
    const response = await fetch(`${origin}/api/progress?jobId=${jobId}`, {
      headers: tag === undefined ? {} : { 'if-none-match': tag },
      signal: AbortSignal.any([this.#leaving.signal, AbortSignal.timeout(PATIENCE_MS)]),
    }).catch(() => undefined)
    const text = await response?.text().catch(() => undefined)
    if (!response || text === undefined) return void this.answers.push({ jobId, origin, status: undefined })
    const { status, headers } = response
    if (status !== 200) {
      this.answers.push({ jobId, origin, status })
      if (status !== 304 && status !== 503) this.violations.push(`${jobId}: answered ${status} ${text}`)
      return
    }
    const view = JSON.parse(text) as ProgressView
    this.#tags.set(jobId, headers.get('etag') ?? '')
    this.answers.push({ jobId, origin, status, view })
    this.#judge(jobId, view)
  }

  #judge(jobId: string, view: ProgressView): void {
    const before = this.#last.get(jobId)
    if ((view.progress === 100) !== (view.state === 'done'))
      this.violations.push(`${jobId}: ${view.progress} % and ${view.state}`)
    this.#last.set(jobId, view)
    if (!before) return
    const [was, is] = [before, view].map(describe)
    if (isFinal(before) && before.state !== view.state)
      this.violations.push(`${jobId}: an end changed, ${was ?? ''} to ${is ?? ''}`)
    if (isSameAttempt(before, view) && view.progress < before.progress)
      this.violations.push(`${jobId}: progress fell, ${was ?? ''} to ${is ?? ''}`)
  }
}

const isFinal = ({ state }: ProgressView) => state !== 'queued' && state !== 'running'

const isSameAttempt = (before: ProgressView, view: ProgressView) =>
  before.state === 'running' && view.state === 'running' && before.attempt === view.attempt

const describe = ({ state, phase, progress, attempt, stale, asOf, updatedAt }: ProgressView) =>
  `${stale ? 'stale: ' : ''}${state} ${phase ?? ''} ${progress} % ` +
  `(attempt ${attempt}, as of ${asOf}, updated ${updatedAt})`
