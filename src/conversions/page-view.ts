import { LRUCache } from 'lru-cache'
import type { Clock } from '../kernel/clock.ts'
import { SECOND_MS } from '../kernel/units.ts'
import type { HeartbeatTiming, Page, ProgressRepository, Snapshot } from '../progress/index.ts'
import type { Job } from './job.ts'

const FRESH_FOR_MS = SECOND_MS
const MOST_PAGES = 1000

type Look = { page: Page | undefined; movedAt: number; at: number }

/** What a page says of a job. `alive`: its worker is, for certain. `asOf`: when the page was read. */
export type Line = { snapshot: Snapshot; alive: boolean; asOf: number }

/** The pages of other processes, each read at most once a second for all whose jobs are on it. */
export class PageView {
  readonly #pages: Pick<ProgressRepository, 'read'>
  readonly #clock: Clock
  readonly #aliveForMs: number
  readonly #looks = new LRUCache<string, { at: number; look: Promise<Look> }>({ max: MOST_PAGES })

  constructor(pages: Pick<ProgressRepository, 'read'>, clock: Clock, timing: HeartbeatTiming) {
    this.#pages = pages
    this.#clock = clock
    // Two heartbeats and a read between them: a page that moved within this time has a living worker.
    this.#aliveForMs = 2 * timing.intervalMs + FRESH_FOR_MS
  }

  /** What the worker of a running job says of this very lease. */
  async lineOf({ jobId, fence, owner = '' }: Job): Promise<Line | undefined> {
    const { page, movedAt, at } = await this.#look(owner)
    const snapshot = page?.jobs[jobId]
    if (snapshot?.fence !== fence) return undefined
    return { snapshot, alive: this.#clock.now() - movedAt <= this.#aliveForMs, asOf: at }
  }

  #look(owner: string): Promise<Look> {
    const now = this.#clock.now()
    const last = this.#looks.get(owner)
    if (last && now - last.at < FRESH_FOR_MS) return last.look
    const look = this.#read(owner, last?.look)
    this.#looks.set(owner, { at: now, look })
    look.catch(() => this.#looks.delete(owner))
    return look
  }

  async #read(owner: string, last: Promise<Look> | undefined): Promise<Look> {
    const before = await last
    const at = this.#clock.now()
    const page = await this.#pages.read(owner)
    const stands = before !== undefined && before.page?.sequence === page?.sequence
    return { page, movedAt: stands ? before.movedAt : this.#clock.now(), at }
  }
}
