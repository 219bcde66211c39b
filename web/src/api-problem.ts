/** An answer that is not the one hoped for. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly status: number
  /** The problem's `code`; `unreachable` or `refused` where the answer was none of the server's. */
  readonly code: string
  readonly retryAfterMs: number | undefined

  constructor(status: number, code: string, detail: string, retryAfterMs?: number) {
    super(detail)
    this.status = status
    this.code = code
    this.retryAfterMs = retryAfterMs
  }

  /** Whether the same request may go well later. */
  get mayHeal(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}
