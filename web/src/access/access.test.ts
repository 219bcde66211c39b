import { expect, test, vi } from 'vitest'
import { createAccess, KeyRefused } from './access.ts'

const HOUR_MS = 3_600_000
const START = Date.UTC(2026, 0, 1)

/** A tab whose server knows some keys, and whose time is turned by hand. */
function openTab(storage = new Map<string, string>()) {
  const tab = {
    now: START,
    waiting: [] as { run: () => void; at: number }[],
    keys: new Set(['anna']),
    asked: 0,
  }
  const askForPass = vi.fn(async (key: string) => {
    tab.asked += 1
    if (!tab.keys.has(key)) throw new KeyRefused()
    const expiresAt = new Date(tab.now + HOUR_MS).toISOString()
    return Promise.resolve({ owner: key, access: `pass ${tab.asked}`, expiresAt })
  })
  const access = createAccess({
    storage: {
      getItem: (name) => storage.get(name) ?? null,
      setItem: (name, text) => void storage.set(name, text),
      removeItem: (name) => void storage.delete(name),
    },
    name: () => 'key',
    askForPass,
    now: () => tab.now,
    later: (run, ms) => void tab.waiting.push({ run, at: tab.now + ms }),
  })
  return {
    ...{ tab, access, storage, askForPass },
    turnTo: async (now: number) => {
      tab.now = now
      const due = tab.waiting.filter(({ at }) => at <= now)
      tab.waiting = tab.waiting.filter(({ at }) => at > now)
      for (const { run } of due) run()
      await vi.waitFor(() =>
        expect(askForPass.mock.settledResults.every(({ type }) => type !== 'incomplete')).toBe(true),
      )
    },
  }
}

test('without a key addresses stay as they are and nothing is sent', async () => {
  const { access, tab } = openTab()
  await access.revive()
  expect(access.signed('./api/x?a=1')).toBe('./api/x?a=1')
  expect(access.headers()).toEqual({})
  expect(tab.asked).toBe(0)
})

test('a key that is taken signs addresses, and is there again after a reload without asking', async () => {
  const { access, storage } = openTab()
  await access.enter('anna')
  expect(access.signed('./api/x')).toBe('./api/x?access=pass%201')
  expect(access.signed('./api/x?a=1')).toBe('./api/x?a=1&access=pass%201')
  const reloaded = openTab(storage)
  await reloaded.access.revive()
  expect(reloaded.access.headers()).toEqual({ Authorization: 'Bearer anna' })
  expect([reloaded.access.owner(), reloaded.tab.asked]).toEqual(['anna', 0])
})

test('a key that is refused is not kept', async () => {
  const { access, storage } = openTab()
  await expect(access.enter('ben')).rejects.toThrow(KeyRefused)
  expect([access.owner(), storage.size]).toEqual([undefined, 0])
})

test('the pass is renewed before it ends, again and again, and told of', async () => {
  const { access, turnTo } = openTab()
  const told = vi.fn()
  await access.enter('anna')
  access.subscribe(told)
  await turnTo(START + HOUR_MS - 14 * 60_000)
  expect(access.pass()).toBe('pass 2')
  await turnTo(START + 2 * HOUR_MS - 28 * 60_000)
  expect(access.pass()).toBe('pass 3')
  expect(told).toHaveBeenCalledTimes(2)
})

test('a server that is away is asked again, one that knows the key no more makes it forgotten', async () => {
  const { access, tab, turnTo, storage, askForPass } = openTab()
  await access.enter('anna')
  askForPass.mockRejectedValueOnce(new Error('away'))
  await turnTo(START + HOUR_MS - 14 * 60_000)
  expect(access.pass()).toBe('pass 1')
  await turnTo(START + HOUR_MS - 13 * 60_000)
  expect(access.pass()).toBe('pass 2')
  tab.keys.clear()
  await turnTo(START + 2 * HOUR_MS)
  expect([access.owner(), storage.size]).toEqual([undefined, 0])
})

test('a page that comes back after its pass has ended gets a new one first', async () => {
  const first = openTab()
  await first.access.enter('anna')
  const back = openTab(first.storage)
  back.tab.now = START + 5 * HOUR_MS
  await back.access.revive()
  expect([back.access.pass(), back.tab.asked]).toEqual(['pass 1', 1])
})
