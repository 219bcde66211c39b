import type { JobErrorCode, ProblemCode } from '../contract/index.ts'
import { Failure } from '../kernel/failure.ts'

/** The job cannot succeed, however often it is tried: it ends `failed` with this code and message. */
export class ConversionRefused extends Error {
  readonly code: JobErrorCode
  /** FFmpeg's last lines, for those who want to know more. */
  readonly log: string

  constructor(code: JobErrorCode, message: string, options: ErrorOptions & { log?: string } = {}) {
    super(message, options)
    this.code = code
    this.log = options.log ?? ''
  }
}

/** This machine has no room for the work now, but it or another one can have later: no attempt is burnt. */
export class DiskFull extends Failure {
  readonly code = 'overloaded' satisfies ProblemCode
  constructor(options?: ErrorOptions) {
    super('The service is short of disk space right now. Please try again later.', {}, options)
  }
}
