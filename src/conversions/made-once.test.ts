import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { silentLog } from '../kernel/log.ts'
import { MadeOnce } from './made-once.ts'

/** A clock whose time to wait is over when it is told, for everybody. */
function patience() {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  return { clock: { now: () => 0, sleep: () => promise }, end: () => resolve(undefined) }
}

/** Something that takes until it is told to be ready, and how often it was begun. */
function slow(key: string) {
  const store = new Map<string, string>()
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const kept = {
    ...{ key, id: key, begun: 0 },
    find: () => Promise.resolve(store.get(key)),
    async make() {
      kept.begun += 1
      const made = await promise
      store.set(key, made)
      return made
    },
  }
  return { kept, resolve, reject }
}

test('who has waited long enough is told so, the making goes on, and what was made is kept', async () => {
  const { clock, end } = patience()
  const once = new MadeOnce<string>({ clock, log: silentLog })
  const { kept, resolve } = slow('picture')
  const impatient = once.get(kept)
  end()
  expect(await impatient).toBeUndefined()
  expect(await once.get(kept)).toBeUndefined()
  resolve('a picture')
  await setImmediate()
  expect([await once.get(kept), kept.begun]).toEqual(['a picture', 1])
})

test('many who ask have it made once, and one thing is made at a time', async () => {
  const once = new MadeOnce<string>({ clock: patience().clock, log: silentLog })
  const [first, second] = [slow('first'), slow('second')]
  const asked = [first, first, second, first].map(({ kept }) => once.get(kept))
  await setImmediate()
  expect([first.kept.begun, second.kept.begun]).toEqual([1, 0])
  first.resolve('1')
  second.resolve('2')
  expect(await Promise.all(asked)).toEqual(['1', '1', '2', '1'])
})

test('what could not be made is told to all who asked, and tried again by the next, as are others', async () => {
  const once = new MadeOnce<string>({ clock: patience().clock, log: silentLog })
  const broken = slow('broken')
  const asked = [once.get(broken.kept), once.get(broken.kept)]
  broken.reject(new Error('no'))
  for (const one of asked) await expect(one).rejects.toThrow('no')
  const other = slow('other')
  other.resolve('fine')
  expect(await once.get(other.kept)).toBe('fine')
  await expect(once.get(broken.kept)).rejects.toThrow('no')
  expect(broken.kept.begun).toBe(2)
})
