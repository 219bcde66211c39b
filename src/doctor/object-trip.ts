import { createHash, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ResultStore } from '../conversions/index.ts'
import { newId } from '../kernel/ids.ts'
import { MiB } from '../kernel/units.ts'
import { SourceStore, uploadPrefix } from '../uploads/index.ts'
import { fail, ok, type Finding } from './check.ts'
import type { Patient } from './patient.ts'

/** Two parts: S3 takes none smaller than 5 MiB before the last one, and results go in parts of 8 MiB. */
const OBJECT_BYTES = 9 * MiB
const WRONG_STORE = 'Use an S3 that gives back what it has acknowledged.'

/**
 * Stores a large object as results are stored, reads it, and compares. It lies where a source would, below an id of its
 * own: should the doctor be killed, cleanup finds it without a record and removes it.
 */
export async function carryObject(
  { stores, folders, traces }: Patient,
  signal: AbortSignal,
): Promise<Finding> {
  const { s3, partsS3, signer, bucket } = stores.get()
  const id = newId()
  const sources = new SourceStore({ s3: partsS3, signer, bucket })
  traces.add('object of the objects check', async () => {
    await sources.erase(id)
  })
  const results = new ResultStore({ s3, signer, bucket })
  const bytes = randomBytes(OBJECT_BYTES)
  const key = `${uploadPrefix(id)}doctor`
  const heard = await put(results, { key, bytes, folders: folders.get() }, signal)
  const back = await results.readBytes(key)
  if (!back || digest(back) !== digest(bytes))
    return fail('An object came back other than it was stored.', WRONG_STORE)
  if (heard.at(-1) !== OBJECT_BYTES || heard.length < 2)
    return fail(
      `Progress of an upload was told as ${heard.join(', ')} of ${OBJECT_BYTES} bytes.`,
      WRONG_STORE,
    )
  const { deletedObjects } = await sources.erase(id)
  if (deletedObjects !== 1 || (await results.sizeOf(key)) !== undefined)
    return fail('An object was there after it was deleted.', WRONG_STORE)
  return ok(
    `${OBJECT_BYTES / MiB} MiB went up in ${heard.length} parts, each told of, came back the same, and were deleted.`,
  )
}

type Sent = { key: string; bytes: Buffer; folders: ReturnType<Patient['folders']['get']> }

/** Gives how many bytes were stored each time that was told. */
async function put(
  results: ResultStore,
  { key, bytes, folders }: Sent,
  signal: AbortSignal,
): Promise<number[]> {
  await using folder = await folders.make(bytes.length)
  const file = path.join(folder.path, 'object')
  await writeFile(file, bytes)
  const heard: number[] = []
  const what = { path: file, key, sizeBytes: bytes.length, mimeType: 'application/octet-stream' }
  await results.put(what, signal, (loaded) => heard.push(loaded))
  return heard
}

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
