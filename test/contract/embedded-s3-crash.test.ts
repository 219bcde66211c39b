import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import {
  allKeys,
  blobFiles,
  CREDENTIALS,
  FIRST_REGION,
  newClient,
  noise,
  putPart,
  read,
  startUpload,
  temporaryFolder,
} from '../support/s3.ts'
import { startChild } from '../support/s3-child.ts'
import { holdPut } from '../support/s3-held.ts'

const MIB = 1024 * 1024
const PART_BYTES = 5 * MIB
const bucket = 'audio'
const signer = { ...CREDENTIALS, region: FIRST_REGION }

/** By key, the seed of what is there; undefined for what was deleted. */
type Contents = Map<string, string | undefined>
/** An upload that is never completed before the crash, and the ETags of its acknowledged parts. */
type Hoard = { bucket: string; key: string; id: string; etags: string[] }
type Ledger = { acknowledged: Contents; unanswered: Contents; hoards: Hoard[] }
type Round = { client: S3Client; ledger: Ledger; number: number; acknowledge: () => void }

test('whatever was acknowledged before kill -9 is there afterwards, whole, and nothing else is', async () => {
  const folder = await temporaryFolder()
  const ledger: Ledger = { acknowledged: new Map(), unanswered: new Map(), hoards: [] }
  for (const [number, writes] of [17, 29, 41].entries()) {
    await crash(folder.path, { ledger, number, writes })
    const child = await startChild(folder.path)
    const client = newClient(child.url, signer)
    await checkObjects(client, ledger)
    await checkHoards(client, ledger)
    expect(await blobFiles(folder.path)).toHaveLength(await countBlobs(client))
    client.destroy()
    await child.kill()
  }
  await folder.remove()
})

/** Writes in many ways at once, and kills the server at the given number of acknowledgements. */
async function crash(directory: string, at: { ledger: Ledger; number: number; writes: number }) {
  const child = await startChild(directory)
  const client = newClient(child.url, signer, { maxAttempts: 1 })
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  const files = (await blobFiles(directory)).length
  const target = { endpoint: child.url, signer, bucket }
  const held = await holdPut(target, { key: `held-${at.number}`, body: noise(MIB) })
  await expect.poll(async () => (await blobFiles(directory)).length).toBeGreaterThan(files)

  let left = at.writes
  let dead: Promise<void> | undefined
  const acknowledge = () => {
    left -= 1
    if (left <= 0) dead ??= child.kill()
  }
  const round = { client, acknowledge, ...at }
  const ways = [putNew, putNew, putOver, putAndDelete, putInParts, hoardParts]
  const ends = await Promise.allSettled(ways.map((way, index) => way(round, `${way.name} ${index}`)))
  await dead
  await held.cut
  client.destroy()
  for (const end of ends)
    if (end.status === 'rejected' && end.reason instanceof S3ServiceException) throw end.reason
}

/** Sends one write after which `key` holds the content of `seed`, and books it. */
async function write(
  { ledger, acknowledge }: Round,
  [key, seed]: [string, string?],
  send: () => Promise<unknown>,
) {
  ledger.unanswered.set(key, seed)
  await send()
  ledger.unanswered.delete(key)
  ledger.acknowledged.set(key, seed)
  acknowledge()
}

const put = (round: Round, Key: string, seed: string) =>
  write(round, [Key, seed], () =>
    round.client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: content(seed) })),
  )

async function putNew(round: Round, name: string): Promise<never> {
  for (let at = 0; ; at++) await put(round, `${name}, ${round.number}-${at}`, `${name} ${round.number} ${at}`)
}

async function putOver(round: Round, name: string): Promise<never> {
  for (let at = 0; ; at++) await put(round, name, `${name} ${round.number} ${at}`)
}

async function putAndDelete(round: Round, Key: string): Promise<never> {
  for (let at = 0; ; at++) {
    await put(round, Key, `${Key} ${round.number} ${at}`)
    await write(round, [Key], () => round.client.send(new DeleteObjectCommand({ Bucket: bucket, Key })))
  }
}

async function putInParts(round: Round, key: string): Promise<never> {
  for (let at = 0; ; at++) {
    const seed = `parts ${key} ${round.number} ${at}`
    const body = content(seed)
    const upload = { bucket, key, id: await startUpload(round.client, bucket, key) }
    const bodies = [body.subarray(0, PART_BYTES), body.subarray(PART_BYTES)]
    const etags = await Promise.all(bodies.map((part, at) => putPart(round.client, upload, at + 1, part)))
    await write(round, [key, seed], () => complete(round.client, upload, etags))
  }
}

async function hoardParts(round: Round, name: string): Promise<never> {
  const key = `${name}, ${round.number}`
  const hoard: Hoard = { bucket, key, id: await startUpload(round.client, bucket, key), etags: [] }
  round.ledger.hoards.push(hoard)
  for (let at = 0; ; at++) {
    hoard.etags.push(await putPart(round.client, hoard, at + 1, noise(PART_BYTES, `${key} ${at}`)))
    round.acknowledge()
  }
}

/** Every key holds what was acknowledged last, or what was under way when the server died. */
async function checkObjects(client: S3Client, { acknowledged, unanswered }: Ledger): Promise<void> {
  const there = new Set(await allKeys(client, bucket))
  const known = new Set([...acknowledged.keys(), ...unanswered.keys()])
  expect([...there].filter((key) => !known.has(key))).toEqual([])
  for (const key of known) {
    const found = there.has(key) ? await read(client, bucket, key) : undefined
    const allowed = [acknowledged.get(key), ...(unanswered.has(key) ? [unanswered.get(key)] : [])]
    const match = allowed.findIndex((seed) => isSame(found, seed))
    expect(match, `${key} holds none of ${allowed.join(', ')}`).toBeGreaterThanOrEqual(0)
    acknowledged.set(key, allowed[match])
  }
  unanswered.clear()
}

/** Acknowledged parts are still there, and still make an object. */
async function checkHoards(client: S3Client, { acknowledged, hoards }: Ledger): Promise<void> {
  for (const { key, id, etags } of hoards.splice(0)) {
    if (etags.length === 0) continue
    const { Parts = [] } = await client.send(new ListPartsCommand({ Bucket: bucket, Key: key, UploadId: id }))
    expect(Parts.map(({ ETag }) => ETag).slice(0, etags.length)).toEqual(etags)
    expect(Parts.length - etags.length).toBeLessThanOrEqual(1)
    await complete(client, { key, id }, etags)
    const whole = etags.map((_, at) => noise(PART_BYTES, `${key} ${at}`))
    expect((await read(client, bucket, key)).equals(Buffer.concat(whole))).toBe(true)
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))
    acknowledged.set(key, undefined)
  }
}

/** How many files the listed objects and parts need. */
async function countBlobs(client: S3Client): Promise<number> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }))
  const ofObjects = Contents.map(({ ETag = '' }) => Number(/-(\d+)"$/.exec(ETag)?.[1] ?? 1))
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  const ofUploads = await Promise.all(
    Uploads.map(async ({ Key, UploadId }) => {
      const { Parts = [] } = await client.send(new ListPartsCommand({ Bucket: bucket, Key, UploadId }))
      return Parts.length
    }),
  )
  return [...ofObjects, ...ofUploads].reduce((sum, count) => sum + count, 0)
}

function complete(client: S3Client, { key, id }: { key: string; id: string }, etags: string[]) {
  const Parts = etags.map((ETag, at) => ({ PartNumber: at + 1, ETag }))
  const target = { Bucket: bucket, Key: key, UploadId: id }
  return client.send(new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts } }))
}

/** Up to half a MiB, for seeds that begin so after a whole part. */
function content(seed: string): Buffer {
  const size = Buffer.from(seed).reduce((sum, byte) => (sum * 31 + byte) % (MIB / 2), 1) + 1
  return noise(seed.startsWith('parts') ? PART_BYTES + size : size, seed)
}

const isSame = (found: Buffer | undefined, seed: string | undefined): boolean =>
  found === undefined || seed === undefined ? found === seed : found.equals(content(seed))
