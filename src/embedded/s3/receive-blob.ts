import { S3Error } from './errors.ts'
import type { Payload, Received } from './payload.ts'
import type { Store } from './store.ts'

/**
 * Takes in a body, then lets `commit` write it into the metadata, in one transaction; `commit` returns the blobs that
 * nobody needs any more. When either throws, nothing is stored.
 */
export async function receiveBlob(
  store: Store,
  payload: Payload,
  commit: (received: Received & { blob: string }) => string[],
): Promise<Received> {
  payload.checkDeclaredSize()
  const blob = await store.blobs.write(payload.content())
  const received = payload.received()
  try {
    const freed = store.transaction(() => commit({ ...received, blob }))
    await store.blobs.discard(freed)
    return received
  } catch (error) {
    // After any other error the database may have the row after all: only the sweep of the next start can tell.
    if (error instanceof S3Error) await store.blobs.discard([blob])
    throw error
  }
}
