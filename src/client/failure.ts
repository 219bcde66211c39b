import type { Problem, ProblemCode } from '../contract/problem.ts'

/** Why an upload ended without success: a code of the server, or one of what can only be seen from here. */
export type UploadFailureCode = ProblemCode | 'file-changed' | 'file-unreadable' | 'refused' | 'unreachable'

/** An upload that cannot go on; the message says why, for a person. Repeating the same call will not help, except for `unreachable`. */
export class UploadFailed extends Error {
  override readonly name = 'UploadFailed'
  readonly code: UploadFailureCode
  /** The server's answer, where there was one. */
  readonly problem: Problem | undefined

  constructor(code: UploadFailureCode, detail: string, options: ErrorOptions & { problem?: Problem } = {}) {
    super(detail, options)
    this.code = code
    this.problem = options.problem
  }
}

/** A failure that may heal by itself: the same request is worth sending again. Never leaves this room. */
export class Hiccup extends Error {
  override readonly name = 'Hiccup'
  /** The server's wish, in milliseconds. */
  readonly retryAfterMs: number
  /** Whether the line or the server has too much to do, so that fewer parts at once would help. */
  readonly overload: boolean

  constructor(message: string, options: ErrorOptions & { retryAfterMs?: number; overload?: boolean } = {}) {
    super(message, options)
    this.retryAfterMs = options.retryAfterMs ?? 0
    this.overload = options.overload ?? true
  }
}
