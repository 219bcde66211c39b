import type { Reading } from './blob-files.ts'
import type { Payload } from './payload.ts'
import type { S3Request } from './request.ts'
import type { Xml } from './xml.ts'

/** One call of one operation: a request that was let in, and its body. */
export type Call = {
  readonly request: S3Request
  /** For operations that store what they are sent. */
  readonly payload: Payload
  /** For all others: the body, read and checked; most often empty. */
  readonly text: string
}

/** What the server sends back; `status` is 200 unless given. */
export type Reply = {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Xml | Reading
}

export type Handler = (call: Call) => Reply | Promise<Reply>
