import { expect, test } from 'vitest'
import type { UploadProgress } from '../../../src/client/index.ts'
import { createLedger } from '../../../src/client/ledger.ts'
import { testTiming } from './client.ts'

const setUp = () => {
  const { timing, pass } = testTiming()
  let last: UploadProgress | undefined
  const upload = { size: 100_000, partSize: 10_000, partCount: 10 }
  const ledger = createLedger(upload, timing, (progress) => (last = progress))
  return { ledger, pass, last: () => last }
}

test('there is no speed until a second was measured', () => {
  const { ledger, pass, last } = setUp()
  ledger.sent(1, 1000)
  pass(999)
  ledger.sent(1, 3000)
  expect(last()).toEqual({ bytes: 3000, size: 100_000, bytesPerSecond: undefined, etaMs: undefined })
  pass(1)
  ledger.sent(1, 5000)
  expect(last()).toEqual({ bytes: 5000, size: 100_000, bytesPerSecond: 4000, etaMs: 23_750 })
})

test('the speed follows the last seconds, and what is older fades', () => {
  const { ledger, pass, last } = setUp()
  ledger.sent(1, 0)
  pass(1000)
  ledger.sent(1, 10_000)
  expect(last()?.bytesPerSecond).toBe(10_000)
  pass(1000)
  ledger.sent(2, 1000)
  const soon = last()?.bytesPerSecond ?? 0
  expect(soon).toBeGreaterThan(7000)
  for (let second = 2; second < 10; second++) {
    pass(5000)
    ledger.sent(2, second * 1000)
  }
  expect(last()?.bytesPerSecond).toBeCloseTo(200, -2)
})

test('parts that were there already were not sent in no time', () => {
  const { ledger, pass, last } = setUp()
  ledger.received('')
  pass(1000)
  ledger.sent(5, 2000)
  ledger.received('1-4')
  pass(1000)
  ledger.sent(5, 4000)
  expect(last()).toMatchObject({ bytes: 44_000, bytesPerSecond: 2000, etaMs: 28_000 })
})

test('a pause shows what is stored, and the speed is measured anew', () => {
  const { ledger, pass, last } = setUp()
  ledger.stored(1)
  pass(1000)
  ledger.sent(2, 5000)
  expect(last()).toMatchObject({ bytes: 15_000, bytesPerSecond: 5000 })
  ledger.pause()
  expect(last()).toEqual({ bytes: 10_000, size: 100_000, bytesPerSecond: undefined, etaMs: undefined })
  pass(3_600_000)
  ledger.sent(3, 1000)
  pass(1000)
  ledger.sent(3, 4000)
  expect(last()).toMatchObject({ bytes: 14_000, bytesPerSecond: 3000 })
})
