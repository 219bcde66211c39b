import { expect, test } from 'vitest'
import { Hiccup, UploadFailed } from '../../../src/client/failure.ts'
import { createRetry } from '../../../src/client/retry.ts'
import { testTiming } from './client.ts'

const setUp = (whenOnline: (signal: AbortSignal) => Promise<void> = async () => {}) => {
  const time = testTiming()
  const abort = new AbortController()
  return { ...time, abort, retry: createRetry({ timing: time.timing, whenOnline, signal: abort.signal }) }
}
const always = (error: Error) => () => Promise.reject(error)

test('waits are random below a ceiling that doubles from half a second to half a minute', async () => {
  const { retry, slept } = setUp()
  let tries = 0
  await retry(() => (++tries > 9 ? Promise.resolve() : Promise.reject(new Hiccup('busy'))))
  expect(slept).toEqual([250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000])
})

test('it tries for ten minutes from the first failure on and then says the server cannot be reached', async () => {
  const { retry, slept } = setUp()
  const error = await retry(always(new Hiccup('The server cannot be reached'))).catch(
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(UploadFailed)
  expect(error).toMatchObject({ code: 'unreachable', message: 'The server cannot be reached' })
  expect(slept.reduce((sum, ms) => sum + ms)).toBe(600_000)
})

test('the wait the server asks for is kept, and its clients are spread over the time after it', async () => {
  const { retry, slept } = setUp()
  let tries = 0
  await retry(() =>
    ++tries > 1 ? Promise.resolve() : Promise.reject(new Hiccup('busy', { retryAfterMs: 7000 })),
  )
  expect(slept).toEqual([7250])
})

test('time spent offline does not count as trying', async () => {
  let hours = 0
  const time = setUp(() => {
    if (hours++ < 5) time.pass(3_600_000)
    return Promise.resolve()
  })
  let tries = 0
  await time.retry(() => (++tries > 6 ? Promise.resolve() : Promise.reject(new Hiccup('offline'))))
  expect(tries).toBe(7)
})

test('what cannot heal is thrown at once', async () => {
  const { retry, slept } = setUp()
  await expect(retry(always(new UploadFailed('not-audio', 'This is text')))).rejects.toThrow('This is text')
  expect(slept).toEqual([])
})

test('an abort ends it, whatever the last failure was', async () => {
  const { retry, abort } = setUp()
  const running = retry(() => {
    abort.abort(new Error('cancelled'))
    return Promise.reject(new Hiccup('busy'))
  })
  await expect(running).rejects.toThrow('cancelled')
})
