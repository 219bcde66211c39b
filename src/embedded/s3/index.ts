import type { Clock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import type { S3Credentials } from './authorize.ts'
import { createCorsAnswers } from './cors-answers.ts'
import { createOperations } from './operations.ts'
import { listen } from './server.ts'
import { openStore } from './store.ts'

export type { S3Credentials } from './authorize.ts'
export { DataFolderInUse } from './metadata.ts'

/** A running server. */
export type S3Server = {
  /** Where it listens, like `http://127.0.0.1:41234`. Clients need path-style addressing. */
  readonly url: string
  /** Lets requests under way finish for up to 5 seconds, then frees port and data folder. May be called again. */
  close(): Promise<void>
}

export type S3ServerOptions = {
  /** Made if it is missing. It holds `s3.sqlite` and `blobs/`, and belongs to one server at a time. */
  readonly directory: string
  /** The one key pair that may sign requests. */
  readonly credentials: S3Credentials
  /** The region that requests must be signed for. Default us-east-1. */
  readonly region?: string
  readonly clock: Clock
  readonly log: Log
  /** TCP port on 127.0.0.1. Default 0, a free one. */
  readonly port?: number
}

/**
 * Starts an S3-protocol server on the loopback interface that keeps everything in one folder. An object that was
 * acknowledged survives `kill -9` and power cuts; one that was not leaves nothing behind.
 * What it promises and what it refuses is listed in docs/reference/embedded-s3.md.
 * Throws DataFolderInUse when another server has the folder, and Node's own error when the port is taken.
 */
export async function startS3Server(options: S3ServerOptions): Promise<S3Server> {
  const { directory, credentials, region = 'us-east-1', clock, log, port = 0 } = options
  const store = await openStore(directory, { clock, log })
  try {
    const operations = createOperations(store, region)
    const gate = { credentials, region, clock }
    const listening = await listen({ operations, cors: createCorsAnswers(store), gate, log, port })
    const url = `http://127.0.0.1:${listening.port}`
    log.info({ url, directory }, 'embedded S3 is listening')
    let closed: Promise<void> | undefined
    return { url, close: () => (closed ??= listening.close().then(() => store.close())) }
  } catch (error) {
    store.close()
    throw error
  }
}
