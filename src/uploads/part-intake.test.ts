import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { createFakeClock } from '../../test/support/fake-clock.ts'
import { systemClock, type Clock } from '../kernel/clock.ts'
import { KiB } from '../kernel/units.ts'
import { PartSize, PartStalled } from './failures.ts'
import { PartGate } from './part-gate.ts'
import { discard, feed } from './part-intake.ts'

const gate = (size = 10) => new PartGate({ part: 1, size, crc32: undefined })
const parts = (clock: Clock = systemClock) => ({ clock, dropped: new AbortController().signal })

test('a sender that hangs up is noticed at once, also when it did so before anybody listened', async () => {
  const gone = new PassThrough()
  gone.destroy()
  await once(gone, 'close')
  await expect(feed(gone, gate(), parts(), discard)).rejects.toThrow(PartSize)
  const going = new PassThrough()
  const fed = feed(going, gate(), parts(), discard)
  going.destroy()
  await expect(fed).rejects.toThrow(PartSize)
})

/** A sender that brings so many bytes each so many seconds, as far as it is let; and what becomes of its part. */
function send(size: number) {
  const clock = createFakeClock()
  const body = new PassThrough()
  const asked: number[] = []
  const fed = feed(body, gate(size), parts(clock), (source, signal) => {
    asked.push(clock.now())
    return discard(source, signal)
  })
  fed.catch(() => undefined)
  const bring = async (bytes: number, seconds: number) => {
    await clock.advance(seconds * 1000)
    body.write(Buffer.alloc(bytes))
    await clock.advance(0)
  }
  return { clock, body, fed, asked, bring }
}

test('who pauses twice for a while, and who is slow but steady, is served', async () => {
  const pausing = send(64 * KiB)
  for (const seconds of [0, 18, 18, 1]) await pausing.bring(16 * KiB, seconds)
  pausing.body.end()
  await pausing.fed
  const steady = send(40 * KiB)
  for (let second = 1; second <= 40; second++) await steady.bring(KiB, 1)
  steady.body.end()
  await steady.fed
})

test('who brings a byte now and then is dropped, before S3 was asked and after', async () => {
  const dribbling = send(64 * KiB)
  for (const seconds of [10, 10, 10]) await dribbling.bring(1, seconds)
  await expect(dribbling.fed).rejects.toBeInstanceOf(PartStalled)
  expect(dribbling.asked).toEqual([])
  const fading = send(1024 * KiB)
  await fading.bring(512 * KiB, 1)
  for (let times = 0; times < 7; times++) await fading.bring(1, 10)
  await expect(fading.fed).rejects.toThrow('Less than 15360 bytes arrived within 30 s.')
  expect(fading.asked).toHaveLength(1)
})

test('a part whose place is taken by another ends with the reason', async () => {
  const dropped = new AbortController()
  const body = new PassThrough()
  const fed = feed(body, gate(), { clock: systemClock, dropped: dropped.signal }, discard)
  dropped.abort(new PartStalled('Another part came.'))
  await expect(fed).rejects.toThrow('Another part came.')
})
