import { Failure } from '../kernel/failure.ts'
import type { Clock } from '../kernel/clock.ts'
import { SECOND_MS } from '../kernel/units.ts'
import type { Conversions } from './conversions.ts'
import type { Seen } from './job-status.ts'
import { hasEnded } from './job.ts'
import { markOf, textOf, type Mark } from './mark.ts'
import { progressView } from './views.ts'

/** Proxies and browsers take a silent connection for a dead one; 15 s is what most of them allow at least. */
const PING_EVERY_MS = 14 * SECOND_MS
/** Under App Runner's limit of 120 s for a whole request; the client comes back by itself. */
const LIFE_MS = 100 * SECOND_MS
/** Clients that lost their stream together must not all come back in the same moment. */
const COME_BACK = { shortestMs: SECOND_MS, longestMs: 3 * SECOND_MS }

export type ProgressEventsParts = {
  conversions: Pick<Conversions, 'find'>
  clock: Clock
  random: () => number
}

type Watched = {
  jobId: string
  /** How far the client has seen it. */
  after: Mark | undefined
  seen?: Seen
  sent?: string
  /** There is no such job any more. */
  gone?: boolean
  /** The store is away, and nothing is known here that the client has not seen. */
  away?: boolean
}

/** Jobs and how far a client has seen each, as the id of the last event it got tells. */
export type Wanted = { jobId: string; after: Mark | undefined }[]

/**
 * The progress of some jobs as server-sent events (HTML standard, 9.2): a snapshot of each, then every change, until the
 * last one ended, the stream is old enough, or `signal` aborts. The id of an event says how far all of them are.
 */
export async function* progressEvents(
  { conversions, clock, random }: ProgressEventsParts,
  wanted: Wanted,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const watched: Watched[] = wanted.map((one) => ({ ...one }))
  const endsAt = clock.now() + LIFE_MS * (0.9 + random() / 10)
  let pingAt = clock.now() + PING_EVERY_MS
  let degraded = false
  yield `retry: ${Math.round(COME_BACK.shortestMs + random() * (COME_BACK.longestMs - COME_BACK.shortestMs))}\n\n`
  for (;;) {
    const news = await look(conversions, watched)
    const isStale = watched.some(({ seen, away }) => away === true || seen?.stale === true)
    if (isStale !== degraded) news.unshift(event('degraded', { degraded: isStale ? ['state'] : [] }))
    degraded = isStale
    const now = clock.now()
    if (news.length === 0 && now >= pingAt) news.push(': ping\n\n')
    if (news.length > 0) {
      pingAt = now + PING_EVERY_MS
      yield news.join('')
    }
    if (signal.aborted || now >= endsAt || watched.every(isOver)) return
    const nexts = watched
      .filter((one) => !isOver(one))
      .map(({ seen, away }) => (away ? 0 : (seen?.nextAt ?? 0)))
    await clock.sleep(Math.max(Math.min(pingAt, endsAt, ...nexts) - now, SHORTEST_PAUSE_MS), signal)
  }
}

/** Nothing runs hot, whatever is due. */
const SHORTEST_PAUSE_MS = SECOND_MS / 2

const isOver = ({ seen, gone }: Watched) => gone === true || (seen !== undefined && hasEnded(seen.status.job))

/** Looks at all jobs that have not ended, together; gives the events of those that moved. */
async function look(conversions: Pick<Conversions, 'find'>, watched: Watched[]): Promise<string[]> {
  const open = watched.filter((one) => !isOver(one))
  const outcomes = await Promise.allSettled(open.map(({ jobId, after }) => conversions.find(jobId, after)))
  for (const [at, outcome] of outcomes.entries()) {
    const one = open[at]
    if (!one) continue
    one.away = outcome.status === 'rejected'
    if (outcome.status === 'fulfilled') one.seen = outcome.value
  }
  return open.flatMap((one, at) => {
    const outcome = outcomes[at]
    if (outcome?.status === 'rejected') return refusal(one, outcome.reason)
    const view = one.seen && progressView(one.seen)
    const text = JSON.stringify({ ...view, asOf: '' })
    if (!view || !one.seen || text === one.sent) return []
    one.sent = text
    one.after = markOf(one.seen.status)
    return [event('progress', view, watched.map(({ after }) => (after ? textOf(after) : '')).join('-'))]
  })
}

/** A job that is not there any more is told once; a store that is away is waited for. */
function refusal(one: Watched, error: unknown): string[] {
  if (!(error instanceof Failure)) throw error
  if (error.code === 'store-unavailable') return []
  one.gone = true
  return [event('problem', { jobId: one.jobId, code: error.code, detail: error.message })]
}

const event = (name: string, data: object, id?: string) =>
  `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`
