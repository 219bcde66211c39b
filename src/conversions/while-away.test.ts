import { expect, test } from 'vitest'
import { createFakeClock } from '../../test/support/fake-clock.ts'
import { StoreUnavailable } from '../aws/index.ts'
import { whileAway } from './while-away.ts'

const away = () => new StoreUnavailable('state', new Error('away'))

/** Attempts that end with these, one after the other. */
function start(outcomes: (Error | string)[], random = 0) {
  const clock = createFakeClock()
  const stopping = new AbortController()
  const told: unknown[] = []
  const attempt = () => {
    const outcome = outcomes.shift() ?? 'nothing left'
    return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome)
  }
  const patience = {
    clock,
    random: () => random,
    signal: stopping.signal,
    onAway: (error: StoreUnavailable) => void told.push(error),
  }
  return { clock, stopping, told, patience, run: () => whileAway(patience, attempt), outcomes }
}

test('what the store takes at once is done once', async () => {
  const { run, clock, told } = start(['taken', 'again'])
  expect(await run()).toBe('taken')
  expect(told).toEqual([])
  expect(clock.sleeps).toEqual([])
})

test('what the store refuses is done again until it is back, and each refusal is told', async () => {
  const refusals = [away(), away(), away()]
  const { run, clock, told } = start([...refusals, 'taken'])
  const result = run()
  await clock.advance(60_000)
  expect(await result).toBe('taken')
  expect(told).toEqual(refusals)
})

test.each([
  [0, 2500],
  [0.5, 3750],
  [1, 5000],
])('processes do not come back in step: by chance %d after %d ms', async (random, ms) => {
  const { run, clock } = start([away(), 'taken'], random)
  const result = run()
  await clock.advance(ms)
  await result
  expect(clock.sleeps).toEqual([ms])
})

test('an error that is no outage ends it at once', async () => {
  const { run, clock, told } = start([new Error('broken'), 'again'])
  await expect(run()).rejects.toThrow('broken')
  expect(told).toEqual([])
  expect(clock.sleeps).toEqual([])
})

test('whoever stops while the store is away gets the last refusal, after one attempt more', async () => {
  const last = away()
  const { run, clock, stopping, outcomes } = start([away(), last, 'again'])
  const result = run()
  await clock.advance(1)
  stopping.abort()
  await expect(result).rejects.toBe(last)
  expect(outcomes).toEqual(['again'])
})

test('the refusal is dealt with before anything else is done', async () => {
  const { patience, clock } = start([])
  const { promise, resolve } = Promise.withResolvers<undefined>()
  let attempts = 0
  const refusing = () => {
    attempts += 1
    return attempts === 1 ? Promise.reject(away()) : Promise.resolve('taken')
  }
  const result = whileAway({ ...patience, onAway: () => promise }, refusing)
  await clock.advance(60_000)
  expect(attempts).toBe(1)
  resolve(undefined)
  await clock.advance(0)
  await clock.advance(5000)
  expect(await result).toBe('taken')
})
