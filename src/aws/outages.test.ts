import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { describe, expect, test } from 'vitest'
import { httpStatus, isOutage, isThrottle, nameOutages, StoreUnavailable } from './outages.ts'

const named = (name: string) => Object.assign(new Error('m'), { name })
const coded = (code: string) => Object.assign(new Error('m'), { code })
const answered = (httpStatusCode: number) => Object.assign(new Error('m'), { $metadata: { httpStatusCode } })
/** cockatiel's errors bear their names as their classes only. */
class BrokenCircuitError extends Error {}

describe('a store', () => {
  test.each([
    ['asks for less', named('ThrottlingException')],
    ['asks for less', named('SlowDown')],
    ['does not answer in time', named('TimeoutError')],
    ['refuses connections', coded('ECONNREFUSED')],
    ['has no address', coded('ENOTFOUND')],
    ['says that it is broken', answered(500)],
    ['says that it cannot serve now', answered(503)],
    ['was given up for a while', new BrokenCircuitError()],
  ])('is away when it %s', (_, error) => {
    expect(isOutage(error)).toBe(true)
  })

  test.each([
    ['a condition that does not hold', new ConditionalCheckFailedException({ message: 'm', $metadata: {} })],
    ['a missing object', answered(404)],
    ['another error', new Error('m')],
    ['a file that is not there', coded('ENOENT')],
    ['something that is no error', { name: 'TimeoutError' }],
  ])('is there when the answer is %s', (_, error) => {
    expect(isOutage(error)).toBe(false)
  })

  test('that asks for less is there all the same, to whoever opens circuits', () => {
    expect(isThrottle(named('RequestLimitExceeded'))).toBe(true)
    expect(isThrottle(named('TimeoutError'))).toBe(false)
    expect(isThrottle('SlowDown')).toBe(false)
  })
})

describe('the status of an answer', () => {
  test('is 0 where there was none', () => {
    const odd = [new Error('m'), 'text', Object.assign(new Error('m'), { $metadata: null })]
    for (const error of [...odd, Object.assign(new Error('m'), { $metadata: { httpStatusCode: '404' } })])
      expect(httpStatus(error)).toBe(0)
    expect(httpStatus(answered(404))).toBe(404)
  })
})

describe('calls of a client', () => {
  /** What a call throws that ends so. */
  async function thrownFor(error: Error): Promise<unknown> {
    type Call = (args: object) => Promise<unknown>
    let wrapped: Call = () => Promise.reject(error)
    const add = (middleware: (next: Call) => Call) => (wrapped = middleware(wrapped))
    nameOutages({ add } as unknown as Parameters<typeof nameOutages>[0], 'objects')
    return wrapped({}).catch((reason: unknown) => reason)
  }

  test('throw that the store is away, with its name and what it said', async () => {
    const cause = coded('ECONNRESET')
    const thrown = await thrownFor(cause)
    expect(thrown).toBeInstanceOf(StoreUnavailable)
    expect(thrown).toMatchObject({ code: 'store-unavailable', store: 'objects', cause })
  })

  test('throw what the store answered otherwise', async () => {
    const error = answered(404)
    expect(await thrownFor(error)).toBe(error)
  })
})
