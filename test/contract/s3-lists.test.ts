import {
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  ListPartsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTarget, putPart, refusal, type S3Target, startUpload } from '../support/s3.ts'

let s3: S3Target
beforeAll(async () => {
  s3 = await openTarget()
  await Promise.all(
    KEYS.map((Key) => s3.client.send(new PutObjectCommand({ Bucket: s3.bucket, Key, Body: Key }))),
  )
})
afterAll(() => s3.close())

/** In the order of their UTF-8 bytes, which is not that of JavaScript: U+FFxx sorts before U+1Fxxx. */
const KEYS = ['a', 'a/1', 'a/2', 'a/b/3', 'a0', 'b', 'b/', 'b/x', 'c d+e%', 'ü', '\uff21', '🎵', '🎵/1']

const list = async (query: Partial<ListObjectsV2CommandInput>) => {
  const page = await s3.client.send(new ListObjectsV2Command({ Bucket: s3.bucket, ...query }))
  const keys = page.Contents?.map(({ Key = '' }) => Key) ?? []
  return { ...page, keys, prefixes: page.CommonPrefixes?.map(({ Prefix = '' }) => Prefix) ?? [] }
}

describe('objects', () => {
  test('are listed in the order of the UTF-8 bytes of their keys', async () => {
    expect((await list({})).keys).toEqual(KEYS)
  })

  test('are listed with size, ETag and time', async () => {
    const { Contents = [] } = await list({ Prefix: 'a/1' })
    expect(Contents[0]).toMatchObject({ Key: 'a/1', Size: 3, StorageClass: 'STANDARD' })
    expect(Contents[0]?.ETag).toMatch(/^"[0-9a-f]{32}"$/)
    expect(Contents[0]?.LastModified).toBeInstanceOf(Date)
  })

  test.each([
    ['a', ['a', 'a/1', 'a/2', 'a/b/3', 'a0']],
    ['a/', ['a/1', 'a/2', 'a/b/3']],
    ['🎵', ['🎵', '🎵/1']],
    ['none', []],
  ])('the prefix %j picks %j', async (Prefix, keys) => {
    expect(await list({ Prefix })).toMatchObject({ keys, KeyCount: keys.length, IsTruncated: false })
  })

  test.each([
    [undefined, '/', ['a', 'a0', 'b', 'c d+e%', 'ü', '\uff21', '🎵'], ['a/', 'b/', '🎵/']],
    ['a/', '/', ['a/1', 'a/2'], ['a/b/']],
    ['b', '/', ['b'], ['b/']],
    ['b/', '/', ['b/', 'b/x'], []],
    [undefined, '/b', KEYS.filter((key) => key !== 'a/b/3'), ['a/b']],
  ])(
    'with prefix %j the delimiter %j gives keys %j and prefixes %j',
    async (Prefix, Delimiter, keys, prefixes) => {
      expect(await list({ Prefix, Delimiter })).toMatchObject({
        keys,
        prefixes,
        KeyCount: keys.length + prefixes.length,
      })
    },
  )

  test('start-after leaves out the key itself and all before it', async () => {
    expect((await list({ StartAfter: 'b/' })).keys).toEqual(KEYS.slice(KEYS.indexOf('b/x')))
    expect((await list({ StartAfter: 'a/15' })).keys).toEqual(KEYS.slice(KEYS.indexOf('a/2')))
  })

  test.each([1, 2, 3, 5])(
    'pages of %i put together give the whole list, and none comes twice',
    async (MaxKeys) => {
      for (const Delimiter of [undefined, '/']) {
        const whole = await list({ Delimiter })
        const seen: string[] = []
        let ContinuationToken: string | undefined
        do {
          const page = await list({ Delimiter, MaxKeys, ContinuationToken })
          seen.push(...page.keys, ...page.prefixes)
          expect(page.KeyCount).toBeLessThanOrEqual(MaxKeys)
          expect(page.IsTruncated).toBe(page.NextContinuationToken !== undefined)
          ContinuationToken = page.NextContinuationToken
        } while (ContinuationToken !== undefined)
        expect(seen.toSorted()).toEqual([...whole.keys, ...whole.prefixes].toSorted())
      }
    },
  )

  test('no keys are given to who asks for none', async () => {
    expect(await list({ MaxKeys: 0 })).toMatchObject({ keys: [], IsTruncated: false })
  })

  test('keys can be had percent-encoded', async () => {
    const { keys, EncodingType } = await list({ EncodingType: 'url', Prefix: 'c' })
    expect(EncodingType).toBe('url')
    expect(keys.map((key) => decodeURIComponent(key.replaceAll('+', ' ')))).toEqual(['c d+e%'])
  })

  test('a number of keys that is none is refused', async () => {
    expect(await refusal(list({ MaxKeys: -1 }))).toBe('InvalidArgument 400')
  })
})

describe('multipart uploads', () => {
  const started: string[] = []
  beforeAll(async () => {
    for (const key of ['up/a', 'up/b', 'up/b', 'up/c', 'zz'])
      started.push(await startUpload(s3.client, s3.bucket, key))
  })

  test('are listed by key, page by page', async () => {
    const seen: { Key: string | undefined; UploadId: string | undefined }[] = []
    let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {}
    for (let truncated = true; truncated;) {
      const query = { Bucket: s3.bucket, Prefix: 'up/', MaxUploads: 1, ...markers }
      const page = await s3.client.send(new ListMultipartUploadsCommand(query))
      seen.push(...(page.Uploads ?? []).map(({ Key, UploadId }) => ({ Key, UploadId })))
      markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
      truncated = page.IsTruncated ?? false
    }
    expect(seen.map(({ Key }) => Key)).toEqual(['up/a', 'up/b', 'up/b', 'up/c'])
    expect(seen.map(({ UploadId }) => UploadId).toSorted()).toEqual(started.slice(0, 4).toSorted())
  })

  test('a key marker alone leaves out all uploads of that key', async () => {
    const query = { Bucket: s3.bucket, KeyMarker: 'up/b' }
    const { Uploads = [] } = await s3.client.send(new ListMultipartUploadsCommand(query))
    expect(Uploads.map(({ Key }) => Key)).toEqual(['up/c', 'zz'])
  })

  test('their parts are listed by number, page by page', async () => {
    const address = { bucket: s3.bucket, key: 'zz', id: started[4] ?? '' }
    for (const number of [10_000, 3, 1, 7])
      await putPart(s3.client, address, number, Buffer.from(`${number}`))
    const upload = { Bucket: s3.bucket, Key: 'zz', UploadId: address.id, MaxParts: 3 }
    const first = await s3.client.send(new ListPartsCommand(upload))
    expect(first.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 1],
      [3, 1],
      [7, 1],
    ])
    expect(first).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '7' })
    const rest = await s3.client.send(
      new ListPartsCommand({ ...upload, PartNumberMarker: first.NextPartNumberMarker }),
    )
    expect(rest.Parts?.map(({ PartNumber }) => PartNumber)).toEqual([10_000])
    expect(rest.IsTruncated).toBe(false)
  })
})
