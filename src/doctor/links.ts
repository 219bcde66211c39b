import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { bucketOrigin } from '../aws/index.ts'
import { ResultStore } from '../conversions/index.ts'
import { crc32Hex } from '../kernel/crc32-hex.ts'
import { newId } from '../kernel/ids.ts'
import { KiB, SECOND_MS } from '../kernel/units.ts'
import { sourceKey, SourceStore } from '../uploads/index.ts'
import { explain } from './explain.ts'
import type { Patient } from './patient.ts'

const BYTES = 64 * KiB
/** For a small file over any line that would do for audio. */
const PATIENCE_MS = 15 * SECOND_MS

/**
 * Sends one part by a link and fetches the object by another, as clients do with direct transports: plain HTTP, no
 * credentials. Gives the origin of the links, and why they cannot be followed, if they cannot. Throws what S3 itself
 * refuses the service.
 */
export async function followLinks(
  { stores, config, traces }: Patient,
  signal: AbortSignal,
): Promise<{ where: string; problem?: string }> {
  const { s3, partsS3, signer, bucket } = stores.get()
  const where = await bucketOrigin(signer, bucket)
  const sources = new SourceStore({ s3: partsS3, signer, bucket })
  const id = newId()
  traces.add('object of the links check', async () => {
    await sources.erase(id)
  })
  const bytes = randomBytes(BYTES)
  const summed = config.get().uploadTransport === 'direct'
  const multipartId = await sources.begin(id, { summed })
  const part = { number: 1, size: BYTES, crc32: summed ? crc32Hex(crc32(bytes)) : undefined }
  const target = await sources.signPart(id, multipartId, part)
  const refused = await follow(target.url, { method: 'PUT', headers: target.headers, body: bytes, signal })
  if ('problem' in refused) return { where, ...refused }
  await sources.join(id, multipartId, await sources.listParts(id, multipartId))
  const file = { key: sourceKey(id), size: BYTES, mimeType: 'application/octet-stream', fileName: 'doctor' }
  const link = await new ResultStore({ s3, signer, bucket }).link(file, 'attachment')
  const fetched = await follow(link, { signal })
  if ('problem' in fetched) return { where, ...fetched }
  return bytes.equals(fetched.bytes) ? { where } : { where, problem: 'other bytes came back' }
}

async function follow(
  url: string,
  { signal, ...init }: RequestInit & { signal: AbortSignal },
): Promise<{ bytes: Buffer } | { problem: string }> {
  try {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)])
    const answer = await fetch(url, { ...init, signal: patience })
    const bytes = Buffer.from(await answer.arrayBuffer())
    if (answer.ok) return { bytes }
    const [, code = ''] = /<Code>(\w+)<\/Code>/.exec(bytes.toString('utf8')) ?? []
    return { problem: `${init.method ?? 'GET'} was answered ${answer.status} ${code}`.trimEnd() }
  } catch (error) {
    signal.throwIfAborted()
    return { problem: explain(error) }
  }
}
