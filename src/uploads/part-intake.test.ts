import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { systemClock } from '../kernel/clock.ts'
import { PartSize } from './failures.ts'
import { PartGate } from './part-gate.ts'
import { discard, feed } from './part-intake.ts'

const gate = () => new PartGate({ part: 1, size: 10, crc32: undefined })

test('a sender that hangs up is noticed at once, also when it did so before anybody listened', async () => {
  const gone = new PassThrough()
  gone.destroy()
  await once(gone, 'close')
  await expect(feed(gone, gate(), systemClock, discard)).rejects.toThrow(PartSize)
  const going = new PassThrough()
  const fed = feed(going, gate(), systemClock, discard)
  going.destroy()
  await expect(fed).rejects.toThrow(PartSize)
})
