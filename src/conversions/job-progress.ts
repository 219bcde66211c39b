import type { Clock } from '../kernel/clock.ts'
import { SECOND_MS } from '../kernel/units.ts'
import type { Snapshot } from '../progress/index.ts'
import type { LeasedJob } from './job.ts'
import { BEGINS, ENDS } from './phases.ts'

/** How much of each new measurement the told speed takes over. */
const SMOOTHING = 0.3

type Told = { job: LeasedJob; report: (snapshot: Snapshot) => void }

/** Turns steps of each phase into snapshots of the whole. Shares are 0 to 1. */
export function createProgress(clock: Clock, { job, report }: Told) {
  const tell = (phase: Snapshot['phase'], percent: number, rest: Partial<Snapshot> = {}) =>
    report({
      ...{ fence: job.fence, phase, percent: Math.floor(percent * 10) / 10 },
      ...{ speed: null, etaMs: null, processedMs: 0, at: clock.now(), ...rest },
    })
  const pace = createPace(clock)
  let heard = { processedMs: 0, speed: null as number | null }
  return {
    fetching: (share: number) => tell('fetching', between(BEGINS.fetching, BEGINS.analysing, share)),
    analysing: (share: number) => tell('analysing', between(BEGINS.analysing, BEGINS.converting, share)),
    /** A source of unknown length stands where converting begins: no invented percentage. */
    converting(processedMs: number, durationMs: number | null) {
      const speed = pace(processedMs)
      heard = { processedMs, speed }
      const share = durationMs ? processedMs / durationMs : 0
      const leftMs = durationMs === null ? null : Math.max(0, durationMs - processedMs)
      const etaMs = leftMs !== null && speed ? Math.round(leftMs / speed) : null
      tell('converting', between(BEGINS.converting, BEGINS.storing, share), { ...heard, etaMs })
    },
    storing(share: number) {
      const etaMs = share < 1 ? SECOND_MS : 0
      tell('storing', between(BEGINS.storing, ENDS, share), { ...heard, etaMs })
    },
  }
}
export type Progress = ReturnType<typeof createProgress>

const between = (begin: number, end: number, share: number) => begin + (end - begin) * Math.min(1, share)

/** Times real time, smoothed: what is told must not jump with every burst; null before the second step forward. */
function createPace(clock: Clock) {
  let last = { at: clock.now(), processedMs: 0 }
  let smooth: number | null = null
  return (processedMs: number): number | null => {
    const now = clock.now()
    if (now <= last.at || processedMs <= last.processedMs) return smooth
    const speed = (processedMs - last.processedMs) / (now - last.at)
    smooth = smooth === null ? speed : smooth + (speed - smooth) * SMOOTHING
    last = { at: now, processedMs }
    return Math.round(smooth * 100) / 100
  }
}
