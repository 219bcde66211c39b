import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { HeadBucketCommand } from '@aws-sdk/client-s3'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createDynamo, createS3, StoreUnavailable, type StoreWatch } from '../../src/aws/index.ts'

const JSON_1_0 = { 'content-type': 'application/x-amz-json-1.0' }
const credentials = {
  accessKeyId: 'TESTTESTTESTTEST',
  secretAccessKey: 'a-secret-of-the-tests-and-nothing-else',
}
const ANSWERS = {
  well: [200, '{}'],
  broken: [500, '{"__type":"InternalServerError"}'],
  throttled: [400, '{"__type":"ThrottlingException"}'],
  refused: [400, '{"__type":"ConditionalCheckFailedException"}'],
} as const

/** A store that answers as the test wants and counts what it is asked. */
let server: Server
let answer: keyof typeof ANSWERS | 'silent'
let asked = 0
let endpoint = ''

beforeEach(async () => {
  asked = 0
  told = []
  server = createServer((request, response) => {
    asked += 1
    request.resume()
    if (answer === 'silent') return
    const [status, body] = ANSWERS[answer]
    response.writeHead(status, JSON_1_0).end(request.method === 'HEAD' ? '' : body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

let told: string[] = []
const watch: StoreWatch = {
  throttled: (client) => told.push(`${client} throttled`),
  breaker: (client, state) => told.push(`${client} ${state}`),
}
const dynamo = () =>
  createDynamo({ dynamodbEndpoint: endpoint, credentials, watch }, 'interactive', () => undefined)
const get = (db: ReturnType<typeof dynamo>) => db.send(new GetCommand({ TableName: 't', Key: { id: '1' } }))
const outcome = (call: Promise<unknown>) =>
  call.then(
    () => 'well',
    (error: unknown) => (error instanceof StoreUnavailable ? 'unavailable' : (error as Error).name),
  )

async function outcomes(calls: number, call: () => Promise<unknown>): Promise<string[]> {
  const all: string[] = []
  for (let at = 0; at < calls; at++) all.push(await outcome(call()))
  return all
}

test('a store that fails five times in a row is not asked any more, until one call finds it well again', async () => {
  const db = dynamo()
  answer = 'broken'
  expect(new Set(await outcomes(5, () => get(db)))).toEqual(new Set(['unavailable']))
  expect(asked).toBe(10) // two attempts each
  expect(new Set(await outcomes(50, () => get(db)))).toEqual(new Set(['unavailable']))
  expect(asked).toBe(10)
  answer = 'well'
  while ((await outcome(get(db))) !== 'well') await new Promise((resolve) => setTimeout(resolve, 100))
  expect(asked).toBe(11)
  const [closed, open, ...later] = told
  expect([closed, open, later.at(-1)]).toEqual([
    'interactive closed',
    'interactive open',
    'interactive closed',
  ])
  expect(later).toContain('interactive half-open')
  db.destroy()
})

test.each(['throttled', 'refused'] as const)(
  'a store that answers "%s" is never taken for away',
  async (how) => {
    const db = dynamo()
    answer = how
    const expected = how === 'throttled' ? 'unavailable' : 'ConditionalCheckFailedException'
    expect(new Set(await outcomes(8, () => get(db)))).toEqual(new Set([expected]))
    const throttles = told.filter((line) => line === 'interactive throttled')
    expect(throttles).toHaveLength(how === 'throttled' ? 16 : 0) // eight calls of two attempts
    answer = 'well'
    expect(await outcome(get(db))).toBe('well')
    db.destroy()
  },
)

test('a silent store is given up', async () => {
  const db = dynamo()
  answer = 'silent'
  expect(await outcome(get(db))).toBe('unavailable')
  db.destroy()
})

test('the store of objects has such a guard of its own', async () => {
  const s3 = createS3({ s3Endpoint: endpoint, credentials })
  answer = 'broken'
  const head = () => s3.send(new HeadBucketCommand({ Bucket: 'b' }))
  expect(new Set(await outcomes(6, head))).toEqual(new Set(['unavailable']))
  expect(asked).toBe(15) // five calls of three attempts; the sixth was not made
  s3.destroy()
})
