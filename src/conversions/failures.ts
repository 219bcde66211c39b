import type { ProblemCode } from '../contract/index.ts'
import { Failure } from '../kernel/failure.ts'
import { hours } from './hours.ts'

export class UnknownFormat extends Failure {
  readonly code = 'unknown-format' satisfies ProblemCode
  constructor(format: string, known: readonly string[]) {
    super(`There is no format "${format}". Formats are: ${known.join(', ')}.`, { known })
  }
}

export class UnknownPreset extends Failure {
  readonly code = 'unknown-preset' satisfies ProblemCode
  constructor(preset: string, known: readonly string[]) {
    super(`There is no preset "${preset}". Presets are: ${known.join(', ')}.`, { known })
  }
}

/** An option that the format does not take, or a value out of its range. */
export class OptionRefused extends Failure {
  readonly code = 'invalid-option' satisfies ProblemCode
  constructor(option: string, message: string) {
    super(message, { option, errors: [{ path: `options.${option}`, message }] })
  }
}

/** What is wanted lasts longer than anything that is taken here. */
export class TooLong extends Failure {
  readonly code = 'too-long' satisfies ProblemCode
  constructor(what: string, durationMs: number, limitMs: number) {
    const [lasts, limit] = [hours(durationMs), hours(limitMs)]
    super(`${what} lasts ${lasts} hours, and at most ${limit} are taken.`, { durationMs, limitMs })
  }
}

/** More uploads are being completed than this process can look into. */
export class TooManyInspections extends Failure {
  readonly code = 'overloaded' satisfies ProblemCode
  constructor(options?: ErrorOptions) {
    super('Too many uploads are being completed at the moment. Please try again later.', {}, options)
  }
}

/** More jobs wait than the operator lets. */
export class QueueFull extends Failure {
  readonly code = 'queue-full' satisfies ProblemCode
  constructor(whose: 'all' | 'yours', most: number) {
    super(
      whose === 'all'
        ? `The queue is full: ${most} jobs are waiting. Please try again when some are done.`
        : `You have ${most} jobs waiting, and no more may. Please try again when some are done.`,
      { most },
    )
  }
}

export class JobNotFound extends Failure {
  readonly code = 'job-not-found' satisfies ProblemCode
  constructor(jobId: string) {
    super(`There is no job ${jobId}.`, { jobId })
  }
}

export class JobExpired extends Failure {
  readonly code = 'job-expired' satisfies ProblemCode
  constructor(jobId: string) {
    super(`Job ${jobId} has expired and its result was removed. Please convert the file again.`, { jobId })
  }
}

export class JobNotDone extends Failure {
  readonly code = 'job-not-done' satisfies ProblemCode
  constructor(jobId: string, state: string) {
    super(`Job ${jobId} is ${state}, so there is no result to download.`, { jobId, state })
  }
}

/** The job is in a state from which what was asked for cannot be done. */
export class JobConflict extends Failure {
  readonly code = 'job-conflict' satisfies ProblemCode
  constructor(state: string, wish: 'cancelled' | 'tried again' | 'deleted') {
    super(`This job is ${state}, so it cannot be ${wish}.`, { state })
  }
}

export class RangeNotSatisfiable extends Failure {
  readonly code = 'range-not-satisfiable' satisfies ProblemCode
  constructor(sizeBytes: number) {
    super(`The file has ${sizeBytes} bytes; the range asked for lies outside.`, { sizeBytes })
  }
}

/** The sound has no cover, or none that can be seen. */
export class NoArtwork extends Failure {
  readonly code = 'no-artwork' satisfies ProblemCode
  constructor(uploadId: string) {
    super('This file has no cover that can be shown.', { uploadId })
  }
}

/** A cover is a JPEG or a PNG, and says so. */
export class NoPictureType extends Failure {
  readonly code = 'unsupported-media-type' satisfies ProblemCode
  constructor() {
    super('A cover is a JPEG or a PNG: send it as image/jpeg or image/png.')
  }
}

export class LengthMissing extends Failure {
  readonly code = 'length-required' satisfies ProblemCode
  constructor() {
    super('A cover needs a Content-Length.')
  }
}

export class ArtworkTooLarge extends Failure {
  readonly code = 'artwork-too-large' satisfies ProblemCode
  constructor(sizeBytes: number, limitBytes: number) {
    super(`The cover has ${sizeBytes} bytes; at most ${limitBytes} are taken.`, { sizeBytes, limitBytes })
  }
}

export class ArtworkStalled extends Failure {
  readonly code = 'part-stalled' satisfies ProblemCode
  constructor(seconds: number) {
    super(`Nothing arrived for ${seconds} s. Send the cover again.`)
  }
}

/** Nothing that can be a cover; the message says what is wrong. */
export class ArtworkRefused extends Failure {
  readonly code = 'invalid-artwork' satisfies ProblemCode
  constructor(reason: string, options?: ErrorOptions) {
    super(`This cannot be a cover: ${reason}.`, {}, options)
  }
}

/** There is no sound in it from which anything could be made. */
export class NothingDecoded extends Failure {
  readonly code = 'not-audio' satisfies ProblemCode
  constructor(options?: ErrorOptions) {
    super('Nothing can be made of this file: no sound in it can be decoded.', {}, options)
  }
}
