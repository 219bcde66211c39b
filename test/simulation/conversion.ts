import type { Convert } from '../../src/cli/wire.ts'
import { ConversionRefused, DiskFull } from '../../src/conversions/job-errors.ts'
import { resultKey, type LeasedJob } from '../../src/conversions/job.ts'
import { whileAway } from '../../src/conversions/while-away.ts'
import { UploadNotFound } from '../../src/uploads/index.ts'

/**
 * What a source does to a conversion. `broken`: can never be converted. `poison`: kills the process. `unlucky`: fails
 * for no reason in every other attempt. `big`: finds the disk full four times.
 */
export const KINDS = ['plain', 'broken', 'poison', 'unlucky', 'big'] as const
export type Kind = (typeof KINDS)[number]

/** Sources carry in their names what they do and how long a conversion takes. */
export const sourceName = (kind: Kind, ms: number) => `${kind} ${ms}.wav`
export const kindOf = (name: string) => name.split(' ')[0] as Kind
const durationOf = (name: string) => Number.parseInt(name.split(' ')[1] ?? '')

/** A result says who made it. */
export const bodyOf = ({ jobId, fence }: Pick<LeasedJob, 'jobId' | 'fence'>) =>
  `result of ${jobId} by ${fence}`

const STEPS = 8
const TIMES_FULL = 4

/** In the place of FFmpeg: takes the time, tells of progress, stores a text. */
export function conversionOn(machine: { crash: () => void }): Convert {
  return async (parts, { job, signal, report }) => {
    const { clock, random, results } = parts
    const { name, uploadId } = job.source
    const ms = durationOf(name)
    const tell = (phase: 'fetching' | 'converting' | 'storing', percent: number) =>
      report({
        ...{ fence: job.fence, phase, percent, speed: 1, processedMs: 0, at: clock.now() },
        etaMs: Math.round((ms * (95 - percent)) / 95),
      })
    await parts.read(uploadId, signal).catch((error: unknown) => {
      throw error instanceof UploadNotFound ? new ConversionRefused('source-gone', error.message) : error
    })
    tell('fetching', 5)
    for (let step = 1; step <= STEPS; step++) {
      await clock.sleep(ms / STEPS, signal)
      signal.throwIfAborted()
      tell('converting', Math.floor(50 + (900 * step) / STEPS) / 10)
      if (step === STEPS / 2) await meetTrouble(kindOf(name), job, machine)
    }
    const key = resultKey(job, 'mp3')
    const body = bodyOf(job)
    tell('storing', 95)
    await whileAway({ clock, random, signal, onAway: () => undefined }, () => results.putText(key, body))
    return {
      key,
      sizeBytes: body.length,
      durationMs: ms,
      warnings: [],
      changes: [],
      log: random() < 0.5 ? 'Some words.' : '',
    }
  }
}

async function meetTrouble(kind: Kind, job: LeasedJob, machine: { crash: () => void }): Promise<void> {
  switch (kind) {
    case 'plain':
      return
    case 'broken':
      throw new ConversionRefused('conversion-failed', 'This is noise.', { log: 'No audio.' })
    case 'poison':
      machine.crash()
      return new Promise(() => undefined)
    case 'unlucky':
      if (job.attempt % 2 === 1) throw new Error('Nobody foresaw this.')
      return
    case 'big':
      if (job.attempt <= TIMES_FULL) throw new DiskFull()
  }
}
