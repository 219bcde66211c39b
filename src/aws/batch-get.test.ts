import type { BatchGetCommand, BatchGetCommandOutput, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { beforeEach, describe, expect, test } from 'vitest'
import { settled } from '../../test/support/fake-clock.ts'
import { BatchReader } from './batch-get.ts'

type Answer = Partial<BatchGetCommandOutput>

/** Calls under way: the keys they ask for, and how they are answered. */
let calls: { keys: string[]; answer: (answer: Answer) => void; fail: (error: Error) => void }[]
let request: unknown
let reader: BatchReader

beforeEach(() => {
  calls = []
  const send = ({ input }: BatchGetCommand) =>
    new Promise<Answer>((resolve, reject) => {
      request = input.RequestItems?.['table']
      const keys = (input.RequestItems?.['table']?.Keys ?? []).map(({ id }) => String(id))
      calls.push({ keys, answer: resolve, fail: reject })
    })
  const db = { send } as unknown as DynamoDBDocumentClient
  reader = new BatchReader(db, { name: 'table', key: 'id', attributes: ['id', 'value'], pattern: 'read' })
})

const row = (id: string) => ({ id, value: `value of ${id}` })
const rows = (...ids: string[]): Answer => ({ Responses: { table: ids.map(row) } })
const unprocessed = (...ids: string[]) => ({
  UnprocessedKeys: { table: { Keys: ids.map((id) => ({ id })) } },
})
const ids = (count: number) => Array.from({ length: count }, (_, at) => `${at}`)

describe('keys that are asked for in one turn', () => {
  test('go out together, each once, and everybody gets the row they asked for', async () => {
    const all = ['a', 'b', 'a', 'c'].map((id) => reader.read(id))
    await settled()
    expect(calls.map(({ keys }) => keys)).toEqual([['a', 'b', 'c']])
    calls[0]?.answer(rows('c', 'a'))
    expect(await Promise.all(all)).toEqual([row('a'), undefined, row('a'), row('c')])
  })

  test('are read consistently, and no more of them than is wanted', async () => {
    void reader.read('a')
    await settled()
    expect(request).toEqual({
      ConsistentRead: true,
      Keys: [{ id: 'a' }],
      ProjectionExpression: '#id, #value',
      ExpressionAttributeNames: { '#id': 'id', '#value': 'value' },
    })
  })

  test('are a hundred to a call', async () => {
    const all = ids(101).map((id) => reader.read(id))
    await settled()
    expect(calls.map(({ keys }) => keys.length)).toEqual([100, 1])
    for (const { keys, answer } of calls) answer(rows(...keys))
    expect((await Promise.all(all)).map((one) => one?.['id'])).toEqual(ids(101))
  })
})

test('keys that are asked for in another turn go out in another call', async () => {
  void reader.read('a')
  await settled()
  void reader.read('a')
  await settled()
  expect(calls.map(({ keys }) => keys)).toEqual([['a'], ['a']])
})

test('while eight calls are under way others wait, and then go out together', async () => {
  for (const id of ids(8)) {
    void reader.read(id)
    await settled()
  }
  const late = [reader.read('x'), reader.read('y')]
  await settled()
  expect(calls).toHaveLength(8)
  calls[0]?.answer(rows('0'))
  await settled()
  expect(calls.slice(8).map(({ keys }) => keys)).toEqual([['x', 'y']])
  void reader.read('later')
  await settled()
  expect(calls).toHaveLength(9) // one has ended, and one has begun
  calls[8]?.answer(rows('x', 'y'))
  expect(await Promise.all(late)).toEqual([row('x'), row('y')])
})

test('a call that fails fails for all who wait for it, and makes room for the next one', async () => {
  const reads = [...ids(800), 'late'].map((id) => reader.read(id).catch((error: unknown) => error))
  await settled()
  expect(calls).toHaveLength(8)
  const error = new Error('away')
  calls[0]?.fail(error)
  expect(await Promise.all(reads.slice(0, 100))).toEqual(Array.from({ length: 100 }, () => error))
  await settled()
  expect(calls[8]?.keys).toEqual(['late'])
})

describe('keys that were left out of an answer', () => {
  test('are asked for again, as long as there is headway', async () => {
    const all = ['a', 'b', 'c'].map((id) => reader.read(id))
    await settled()
    calls[0]?.answer({ ...rows('a'), ...unprocessed('b', 'c') })
    await settled()
    expect(calls[1]?.keys).toEqual(['b', 'c'])
    calls[1]?.answer({ ...rows('b'), ...unprocessed('c') })
    await settled()
    calls[2]?.answer(rows('c'))
    expect(await Promise.all(all)).toEqual([row('a'), row('b'), row('c')])
  })

  test('are throttled where none of them was read', async () => {
    const one = reader.read('a')
    await settled()
    calls[0]?.answer(unprocessed('a'))
    await expect(one).rejects.toMatchObject({ code: 'store-unavailable', store: 'state' })
  })
})
