import { expect, test } from 'vitest'
import { heartbeatTiming } from './heartbeat-timing.ts'

test('with the default timeout of 30 s progress is written every second and a heartbeat every two', () => {
  expect(heartbeatTiming(30_000)).toEqual({
    tickMs: 1000,
    intervalMs: 2000,
    confirmedForMs: 6000,
    longestSilenceMs: 10_000,
    timeoutMs: 30_000,
  })
})

test('a shorter timeout brings heartbeats closer together, so that as many may be missed', () => {
  for (const timeoutMs of [5000, 10_000, 20_000]) {
    const { tickMs, intervalMs } = heartbeatTiming(timeoutMs)
    expect([timeoutMs / intervalMs, timeoutMs / tickMs]).toEqual([15, 30])
  }
})

test('a longer timeout never delays progress', () => {
  const { tickMs, intervalMs } = heartbeatTiming(600_000)
  expect([tickMs, intervalMs]).toEqual([1000, 2000])
})

test('a worker doubts its own leases long before anybody may have taken them', () => {
  for (const timeoutMs of [5000, 30_000, 600_000]) {
    const { intervalMs, confirmedForMs, longestSilenceMs } = heartbeatTiming(timeoutMs)
    expect(intervalMs).toBeLessThan(confirmedForMs)
    expect(confirmedForMs).toBeLessThan(longestSilenceMs)
    expect(longestSilenceMs).toBeLessThan(timeoutMs / 2)
  }
})
