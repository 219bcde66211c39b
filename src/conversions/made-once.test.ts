import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { silentLog } from '../kernel/log.ts'
import { MadeOnce } from './made-once.ts'

/** A clock whose time to wait is over when it is told, for everybody who waits then. */
function patience() {
  let time = new AbortController()
  const sleep = async (_ms: number, signal?: AbortSignal) => {
    const over = signal ? AbortSignal.any([time.signal, signal]) : time.signal
    if (!over.aborted) await once(over, 'abort')
  }
  const end = () => {
    time.abort()
    time = new AbortController()
  }
  return { clock: { now: () => 0, sleep }, end }
}

/** Nobody leaves, and nothing is shut down, unless a test says so. */
const { signal: staying } = new AbortController()

const create = ({ clock = patience().clock, shutdown = staying } = {}) =>
  new MadeOnce<string>({ clock, log: silentLog, shutdown })

/** Something that takes until it is told to be ready, and how often it was begun. */
function slow(key: string) {
  const store = new Map<string, string>()
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const kept = {
    ...{ key, id: key, begun: 0 },
    find: () => Promise.resolve(store.get(key)),
    async make(signal: AbortSignal) {
      kept.begun += 1
      signal.addEventListener('abort', () => reject(signal.reason))
      const made = await promise
      store.set(key, made)
      return made
    },
  }
  return { kept, resolve, reject, made: () => promise }
}

test('who has waited long enough is told so, the making goes on, and what was made is kept', async () => {
  const { clock, end } = patience()
  const artifacts = create({ clock })
  const { kept, resolve } = slow('picture')
  for (let times = 0; times < 2; times++) {
    const impatient = artifacts.get(kept, staying)
    await setImmediate()
    end()
    expect(await impatient).toBeUndefined()
  }
  resolve('a picture')
  await setImmediate()
  expect([await artifacts.get(kept, staying), kept.begun]).toEqual(['a picture', 1])
})

test('many who ask have it made once, and one thing is made at a time', async () => {
  const artifacts = create()
  const [first, second] = [slow('first'), slow('second')]
  const asked = [first, first, second, first].map(({ kept }) => artifacts.get(kept, staying))
  await setImmediate()
  expect([first.kept.begun, second.kept.begun]).toEqual([1, 0])
  first.resolve('1')
  second.resolve('2')
  expect(await Promise.all(asked)).toEqual(['1', '1', '2', '1'])
})

test('what could not be made is told to all who asked, and tried again by the next, as are others', async () => {
  const artifacts = create()
  const broken = slow('broken')
  const asked = [artifacts.get(broken.kept, staying), artifacts.get(broken.kept, staying)]
  broken.reject(new Error('no'))
  for (const one of asked) await expect(one).rejects.toThrow('no')
  const other = slow('other')
  other.resolve('fine')
  expect(await artifacts.get(other.kept, staying)).toBe('fine')
  await expect(artifacts.get(broken.kept, staying)).rejects.toThrow('no')
  expect(broken.kept.begun).toBe(2)
})

test('who leaves does not stop what another one waits for', async () => {
  const artifacts = create()
  const { kept, resolve } = slow('picture')
  const leaving = new AbortController()
  const [left, waits] = [artifacts.get(kept, leaving.signal), artifacts.get(kept, staying)]
  await setImmediate()
  leaving.abort()
  expect(await left).toBeUndefined()
  resolve('a picture')
  expect([await waits, kept.begun]).toEqual(['a picture', 1])
})

test('when everybody has left the making stops, and the next who asks has it made anew', async () => {
  const artifacts = create()
  const [stopped, again] = [slow('picture'), slow('picture')]
  const leaving = [new AbortController(), new AbortController()]
  const asked = leaving.map(({ signal }) => artifacts.get(stopped.kept, signal))
  await setImmediate()
  for (const one of leaving) one.abort()
  expect(await Promise.all(asked)).toEqual([undefined, undefined])
  again.resolve('a picture')
  expect(await artifacts.get(again.kept, staying)).toBe('a picture')
  expect([stopped.kept.begun, again.kept.begun]).toEqual([1, 1])
  await expect(stopped.made()).rejects.toThrow('aborted')
})

test('what somebody was told is being made goes on when another one leaves', async () => {
  const { clock, end } = patience()
  const artifacts = create({ clock })
  const { kept, resolve } = slow('picture')
  const leaving = new AbortController()
  const promised = artifacts.get(kept, staying)
  await setImmediate()
  end()
  expect(await promised).toBeUndefined()
  const left = artifacts.get(kept, leaving.signal)
  await setImmediate()
  leaving.abort()
  expect(await left).toBeUndefined()
  resolve('a picture')
  await setImmediate()
  expect([await artifacts.get(kept, staying), kept.begun]).toEqual(['a picture', 1])
})

test('what waits for its turn is not begun when everybody has left', async () => {
  const artifacts = create()
  const [first, second] = [slow('first'), slow('second')]
  const leaving = new AbortController()
  const asked = artifacts.get(first.kept, staying)
  const left = artifacts.get(second.kept, leaving.signal)
  await setImmediate()
  leaving.abort()
  await left
  first.resolve('1')
  await asked
  await setImmediate()
  expect(second.kept.begun).toBe(0)
})

test('a shutdown stops what is being made, with its reason', async () => {
  const shutdown = new AbortController()
  const artifacts = create({ shutdown: shutdown.signal })
  const [first, second] = [slow('first'), slow('second')]
  const asked = [artifacts.get(first.kept, staying), artifacts.get(second.kept, staying)]
  await setImmediate()
  shutdown.abort(new Error('The process stops.'))
  for (const one of asked) await expect(one).rejects.toThrow('The process stops.')
  expect([first.kept.begun, second.kept.begun]).toEqual([1, 0])
})
