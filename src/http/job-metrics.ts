import type { Meter } from '../kernel/meter.ts'
import { SECOND_MS } from '../kernel/units.ts'
import type { Instruments } from './instruments.ts'

/** Seconds: from a free slot to a queue of hours, and from a short song to an audio book. */
const WAITS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600]
const RUNS = [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600]

type JobMeter = Omit<Meter, 'recordRead' | `upload${string}`>

/** What jobs and their workers tell. */
export const jobMetrics = (instruments: Instruments): JobMeter => ({
  ...lifeMetrics(instruments),
  ...workerMetrics(instruments),
})

function lifeMetrics({ counter, histogram }: Instruments) {
  const queued = counter({ name: 'tapedeck_jobs_queued_total', help: 'Jobs that came into the queue' })
  const ended = counter({
    ...{ name: 'tapedeck_jobs_ended_total', help: 'Jobs that ended, by the state they ended in' },
    labels: ['state'],
  })
  const wait = histogram({
    ...{ name: 'tapedeck_job_wait_seconds', help: 'From when a job might be begun to its attempt' },
    buckets: WAITS,
  })
  const run = histogram({
    ...{ name: 'tapedeck_job_run_seconds', help: 'Length of attempts, by how they ended' },
    ...{ buckets: RUNS, labels: ['outcome'] },
  })
  const results = counter({
    name: 'tapedeck_result_bytes_total',
    help: 'Bytes of results of jobs that are done',
  })
  const attempts = counter({ name: 'tapedeck_job_attempts_total', help: 'Attempts that workers began' })
  return {
    jobQueued: () => queued.inc(),
    jobEnded: (state) => ended.inc({ state }),
    attemptBegun: (waitedMs) => {
      attempts.inc()
      wait.observe(Math.max(0, waitedMs) / SECOND_MS) // clocks of processes may differ
    },
    attemptEnded: (outcome, ranMs) => run.observe({ outcome }, ranMs / SECOND_MS),
    resultStored: (bytes) => results.inc(bytes),
  } satisfies Partial<JobMeter>
}

function workerMetrics({ counter }: Instruments) {
  const takeovers = counter({
    ...{ name: 'tapedeck_takeovers_total', help: 'Jobs that this process took from workers that were dead' },
  })
  const fenced = counter({
    ...{
      name: 'tapedeck_fenced_commits_total',
      help: 'Commits refused, since the lease was another one by then',
    },
  })
  const late = counter({
    ...{
      name: 'tapedeck_late_heartbeats_total',
      help: 'Times a worker was silent for so long that it was doubted',
    },
  })
  const ffmpeg = counter({
    ...{ name: 'tapedeck_ffmpeg_exits_total', help: 'Runs of FFmpeg, by how they ended' },
    labels: ['outcome'],
  })
  return {
    jobTakenOver: () => takeovers.inc(),
    commitFenced: () => fenced.inc(),
    heartbeatLate: () => late.inc(),
    ffmpegEnded: (outcome) => ffmpeg.inc({ outcome }),
  } satisfies Partial<JobMeter>
}
