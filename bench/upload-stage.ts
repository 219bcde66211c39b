import { open } from 'node:fs/promises'
import { randomFillSync } from 'node:crypto'
import path from 'node:path'
import type { UploadSource } from '../src/client/index.ts'
import { MiB } from '../src/kernel/units.ts'
import { startStores } from '../test/support/embedded.ts'
import { startProgram } from '../test/support/program.ts'
import { CREDENTIALS } from '../test/support/s3.ts'
import { openChild } from '../test/support/s3-child.ts'
import { wavHeader } from '../test/support/wav.ts'

/** Stores, each in a process of its own, so that what an upload server takes is seen apart from what they take. */
export async function openStage() {
  await using opened = new AsyncDisposableStack()
  const stores = opened.use(await startStores())
  const s3 = opened.use(await openChild())
  const env = {
    ...stores.env,
    ...{ S3_ENDPOINT: s3.endpoint, S3_BUCKET_NAME: s3.bucket, ROLE: 'api', LOG_LEVEL: 'silent' },
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  }
  const all = opened.move()
  return {
    ...{ env, s3, folder: stores.folder },
    startServer: (extra: Record<string, string> = {}) =>
      startProgram({ dataDir: path.join(stores.folder, 'api'), env: { ...env, ...extra } }),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
export type Stage = Awaited<ReturnType<typeof openStage>>

/** A file on disk, and as a browser would have it. */
export type BenchFile = { path: string; size: number; blob: UploadSource }

/** A WAV file of noise or, with `sparse`, of silence that takes no place on the disk. */
export async function makeFile(folder: string, size: number, { sparse = false } = {}): Promise<BenchFile> {
  const file = path.join(folder, `${size}.wav`)
  await using handle = await open(file, 'w')
  await handle.truncate(size)
  const noise = Buffer.alloc(sparse ? 0 : 16 * MiB)
  for (let at = 0; noise.length > 0 && at < size; at += noise.length)
    await handle.write(randomFillSync(noise).subarray(0, size - at), 0, Math.min(noise.length, size - at), at)
  await handle.write(wavHeader(size), 0, undefined, 0)
  return { path: file, size, blob: sourceOf(file, size) }
}

/** As much of a `File` as the client uses; `openAsBlob` of Node 24 takes the size of a file modulo 4 GiB. */
function sourceOf(file: string, size: number): UploadSource {
  const read = async (start: number, end: number) => {
    await using handle = await open(file)
    const bytes = Buffer.alloc(end - start)
    await handle.read(bytes, 0, bytes.length, start)
    return bytes.buffer
  }
  const slice = (start: number, end: number) => ({ arrayBuffer: () => read(start, end) })
  return { name: 'noise.wav', type: 'audio/wav', size, slice } as unknown as UploadSource
}
