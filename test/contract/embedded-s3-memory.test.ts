import { Readable } from 'node:stream'
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { noise } from '../support/s3.ts'
import { openChild } from '../support/s3-child.ts'

const MIB = 1024 * 1024
const OBJECT_BYTES = 256 * MIB
/** Measured: 70 MiB for an object of any size. */
const MAX_GROWTH_BYTES = OBJECT_BYTES / 2

test('memory does not grow with what is written, read, or left waiting by a slow reader', async () => {
  await using s3 = await openChild()
  const big = { Bucket: s3.bucket, Key: 'big' }
  const before = await s3.child.peakBytes()

  const Body = Readable.from(pieces())
  await s3.client.send(new PutObjectCommand({ ...big, Body, ContentLength: OBJECT_BYTES }))
  const slow = await read(s3.client, big)
  const fast = await read(s3.client, big)
  let sizeBytes = 0
  fast.on('data', (piece: Buffer) => (sizeBytes += piece.length))
  await new Promise((resolve) => fast.on('end', resolve))
  slow.destroy()

  expect(sizeBytes).toBe(OBJECT_BYTES)
  expect((await s3.child.peakBytes()) - before).toBeLessThan(MAX_GROWTH_BYTES)
})

function* pieces() {
  const piece = noise(MIB)
  for (let sent = 0; sent < OBJECT_BYTES; sent += piece.length) yield piece
}

async function read(client: S3Client, target: { Bucket: string; Key: string }): Promise<Readable> {
  const { Body } = await client.send(new GetObjectCommand(target))
  if (!(Body instanceof Readable)) throw new Error('In Node a body is a Readable')
  return Body
}
