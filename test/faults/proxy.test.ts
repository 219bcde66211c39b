import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { GetCommand, PutCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createDynamo, createS3, ensureBucket } from '../../src/aws/index.ts'
import { makeTables, startStores, type SharedStores } from '../support/embedded.ts'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'

const opened = new AsyncDisposableStack()
let stores: SharedStores
let dynamodb: FaultProxy
let objects: FaultProxy
let TableName = ''
let db: DynamoDBDocumentClient
let s3: S3Client

beforeAll(async () => {
  stores = opened.use(await startStores())
  dynamodb = opened.use(await startFaultProxy(stores.endpoints.dynamodb))
  objects = opened.use(await startFaultProxy(stores.endpoints.s3))
  const settings = { ...stores.settings, dynamodbEndpoint: dynamodb.url, s3Endpoint: objects.url }
  TableName = `${stores.prefix}-progress`
  db = createDynamo(settings, 'interactive', () => undefined)
  s3 = createS3(settings)
  await makeTables(stores, stores.prefix)
  await ensureBucket(s3, stores.bucket)
})
afterAll(async () => {
  db.destroy()
  s3.destroy()
  await opened.disposeAsync()
})
beforeEach(() => {
  dynamodb.clear()
  objects.clear()
})

const put = (workerId: string) => db.send(new PutCommand({ TableName, Item: { workerId } }))
const isThere = async (workerId: string) =>
  (await stores.db.send(new GetCommand({ TableName, Key: { workerId } }))).Item !== undefined

test('signed calls and bodies of many megabytes go through unchanged', async () => {
  const bytes = randomBytes(12_000_000)
  const at = { Bucket: stores.bucket, Key: 'uploads/some thing/ü' }
  await s3.send(new PutObjectCommand({ ...at, Body: bytes }))
  const { Body } = await s3.send(new GetObjectCommand(at))
  expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true)
  await put('through')
  expect(await isThere('through')).toBe(true)
})

test.each([
  ['throttle', /ThrottlingException/],
  ['error', /InternalServerError/],
  ['hang', /TimeoutError/],
  ['reset', /ECONNRESET|socket hang up/],
] as const)(
  'a call that meets "%s" fails as it would in earnest, and changes nothing',
  async (kind, cause) => {
    dynamodb.set({ kind, only: ({ operation }) => operation === 'PutItem' })
    const failure: unknown = await put(kind).catch((error: unknown) => error)
    expect(String(failure instanceof Error && failure.cause)).toMatch(cause)
    expect(await isThere(kind)).toBe(false)
    dynamodb.clear()
    await put(kind)
    expect(await isThere(kind)).toBe(true)
  },
)

test('a call whose answer is dropped was done all the same', async () => {
  dynamodb.set({ kind: 'apply-then-drop' })
  await expect(put('dropped')).rejects.toThrow()
  expect(await isThere('dropped')).toBe(true)
})

test('S3 throttles in its own words, and a share of the calls gets through', async () => {
  objects.set({ kind: 'throttle', only: ({ path }) => path.includes('always') })
  const send = (Key: string) => s3.send(new PutObjectCommand({ Bucket: stores.bucket, Key, Body: 'x' }))
  const failure: unknown = await send('always').catch((error: unknown) => error)
  expect(String(failure instanceof Error && failure.cause)).toMatch(/SlowDown/)
  const before = objects.struck()
  objects.set({ kind: 'reset', share: 0.3 })
  const kept = await Promise.allSettled(Array.from({ length: 20 }, (_, at) => send(`some${at}`)))
  expect(kept.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(10)
  expect(objects.struck()).toBeGreaterThan(before)
})

test('an outage refuses every connection, and afterwards the address is the same', async () => {
  await put('before')
  await dynamodb.refuse()
  const failure: unknown = await put('during').catch((error: unknown) => error)
  expect(String(failure instanceof Error && failure.cause)).toMatch(/ECONNREFUSED/)
  await dynamodb.restore()
  await put('after')
  expect(await Promise.all(['before', 'during', 'after'].map(isThere))).toEqual([true, false, true])
})
