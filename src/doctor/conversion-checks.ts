import { SECOND_MS } from '../kernel/units.ts'
import { fail, Later, ok, warn, type Check } from './check.ts'
import type { Patient } from './patient.ts'
import { runTrial, SOUND_SECONDS, type Trial } from './trial.ts'

/** A sound on its whole way, and what was told of it meanwhile. */
export function conversionChecks(patient: Patient): Check[] {
  const trial = new Later<Trial>()
  return [conversion(patient, trial), progress(trial)]
}

/** FFmpeg cuts some formats at whole frames, and pads others. */
const TOLERATED_MS = 200

const conversion = (patient: Patient, trial: Later<Trial>): Check => ({
  name: 'conversion',
  needs: ['ffmpeg', 'state', 'objects'],
  ifItThrows: 'Look into the log of the process that ran it; see docs/how-to/doctor.md.',
  async look(signal) {
    const done = await runTrial(patient, signal)
    const { job, format, tookMs, isOwn, resultBytes } = done
    if (job.state !== 'done' || !job.result)
      return fail(`The job ended ${job.state}: ${job.error?.message ?? 'nothing was said'}`, SEE_LOG)
    if (resultBytes !== job.result.size)
      return fail(`The result has ${resultBytes} bytes, and ${job.result.size} were told.`, SEE_LOG)
    const lasts = job.result.durationMs
    if (Math.abs(lasts - SOUND_SECONDS * SECOND_MS) > TOLERATED_MS)
      return fail(`${SOUND_SECONDS} s of sound became ${lasts / SECOND_MS} s.`, SEE_LOG)
    trial.set(done)
    const who = isOwn ? 'the doctor itself, since no worker took the job' : 'a worker of the installation'
    return ok(
      `${SOUND_SECONDS} s of sound became ${format} in ${(tookMs / SECOND_MS).toFixed(1)} s, run by ${who}.`,
    )
  },
})

const SEE_LOG = 'Look into the log of the process that ran it, and at its FFmpeg.'

const progress = (trial: Later<Trial>): Check => ({
  name: 'progress',
  needs: ['conversion'],
  ifItThrows: SEE_LOG,
  look() {
    const { snapshots, tookMs } = trial.get()
    const percents = snapshots.map(({ percent }) => percent)
    const rows = `${snapshots.length} rows of progress were read while it ran (${percents.map((one) => `${one} %`).join(', ')})`
    if (snapshots.length === 0) {
      const found = `No row of progress was read, in ${(tookMs / SECOND_MS).toFixed(1)} s.`
      // Rows are written once a second.
      if (tookMs < 2 * SECOND_MS)
        return Promise.resolve(warn(found, 'This machine is too fast for it: run it again.'))
      return Promise.resolve(fail(found, 'See whether the worker may write to the table of progress.'))
    }
    const falls = percents.some((percent, at) => percent < (percents[at - 1] ?? 0))
    return Promise.resolve(falls ? fail(`${rows}, and percent fell.`, SEE_LOG) : ok(`${rows}.`))
  },
})
