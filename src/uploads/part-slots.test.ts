import { expect, test } from 'vitest'
import { createFakeClock } from '../../test/support/fake-clock.ts'
import { KiB } from '../kernel/units.ts'
import { PartStalled, UploadBusy } from './failures.ts'
import { PartSlots } from './part-slots.ts'

/** Slots of which other clients have taken so many, each with bytes of its own. */
function setUp(bytes: readonly number[]) {
  const clock = createFakeClock()
  const slots = new PartSlots(clock)
  const taken = bytes.map((count, at) => {
    const slot = slots.take(`client ${at}`, `upload ${at}`)
    slot.watch({ bytes: count })
    return slot
  })
  return { clock, slots, taken }
}

const FULL = 24
const fast = (count: number) => Array.from({ length: count }, () => 1024 * KiB)

test('so many parts are taken at once, and a place that is free again is taken anew', () => {
  const { slots, taken } = setUp(fast(FULL))
  expect(() => slots.take('me', 'mine')).toThrow(UploadBusy)
  taken[3]?.free()
  taken[3]?.free()
  slots.take('me', 'mine')
  expect(() => slots.take('me', 'mine')).toThrow(UploadBusy)
})

test.each<[what: string, most: number, name: (at: number) => readonly [string, string]]>([
  ['upload', 6, () => ['me', 'mine']],
  ['client', 18, (at) => ['me', `mine ${at}`]],
])('one %s has %i of them at most', (_, most, name) => {
  const { slots } = setUp([])
  const taken = Array.from({ length: most }, (_each, at) => slots.take(...name(at)))
  expect(() => slots.take(...name(most))).toThrow(UploadBusy)
  taken[0]?.free()
  slots.take(...name(most))
})

test('when all are taken, the slowest gives up its place, and no other one does', async () => {
  const { clock, slots, taken } = setUp([...fast(FULL - 2), 2, 1])
  await clock.advance(10_000)
  slots.take('me', 'mine')
  expect(taken.map(({ signal }) => signal.aborted)).toEqual([...fast(FULL - 1).map(() => false), true])
  expect(taken.at(-1)?.signal.reason).toBeInstanceOf(PartStalled)
  slots.take('me', 'mine')
  expect(taken.at(-2)?.signal.aborted).toBe(true)
  expect(() => slots.take('me', 'mine')).toThrow(UploadBusy)
})

test('a part has some seconds to show how fast it is', async () => {
  const { clock, slots, taken } = setUp(Array.from({ length: FULL }, () => 0))
  await clock.advance(9_999)
  expect(() => slots.take('me', 'mine')).toThrow(UploadBusy)
  await clock.advance(1)
  slots.take('me', 'mine')
  expect(taken.filter(({ signal }) => signal.aborted)).toHaveLength(1)
})

test('a part that is fast enough keeps its place for as long as it needs', async () => {
  const { clock, slots } = setUp(Array.from({ length: FULL }, () => 8 * KiB * 60))
  await clock.advance(60_000)
  expect(() => slots.take('me', 'mine')).toThrow(UploadBusy)
})
