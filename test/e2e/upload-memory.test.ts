import type { BrowserContext, Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { launchProfile } from './browser.ts'
import { openFolder } from './folder.ts'
import { useSetting } from './setting.ts'

/** Nothing listens there: the test itself answers. A handle of a file needs an origin that is thought secure. */
const ORIGIN = 'http://localhost:1'
const ENTRY = fileURLToPath(new URL('../../src/client/index.ts', import.meta.url))

const setting = useSetting()
let client: string

beforeAll(async () => {
  const lib = { entry: ENTRY, formats: ['iife' as const], name: 'client' }
  const built = await build({ configFile: false, logLevel: 'silent', build: { write: false, lib } })
  const [{ output } = { output: [] }] = Array.isArray(built) ? built : []
  client = output.map((file) => (file.type === 'chunk' ? file.code : '')).join('')
})

/** A page in which `file` and `memory` are at hand, in a fresh profile unless one is given. */
async function openPage(url = `${ORIGIN}/`, profile?: BrowserContext) {
  const context = profile ?? (await setting.browser().newContext())
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', ({ message }) => complaints.push(message))
  await page.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body: '<p>A page</p>' }))
  const load = async () => {
    await page.goto(url)
    await page.addScriptTag({ content: client })
    await page.evaluate(`
      var memory = client.createUploadMemory({ indexedDb: window.indexedDB, name: 'begun' })
      var file = (name) => new File(['la'], name, { lastModified: 1 })
      var ids = async () => (await memory.list()).map(({ uploadId }) => uploadId)
    `)
  }
  await load()
  return {
    page,
    complaints,
    reload: load,
    [Symbol.asyncDispose]: () => context.close(),
  }
}

const run = <T>(page: Page, script: string) => page.evaluate<T>(`(async () => { ${script} })()`)

test('an upload that was begun is found after a reload, by name, size and date of its file', async () => {
  await using deck = await openPage()
  await run(deck.page, `await memory.remember(file('a.wav'), 'up-a')`)
  await deck.reload()
  expect(await run(deck.page, `return memory.find(file('a.wav'))`)).toEqual({
    name: 'a.wav',
    size: 2,
    lastModified: 1,
    uploadId: 'up-a',
  })
  const others = `[file('b.wav'), new File(['lala'], 'a.wav', { lastModified: 1 }), new File(['la'], 'a.wav')]`
  const found = await run(deck.page, `return Promise.all(${others}.map((other) => memory.find(other)))`)
  expect(found).toEqual([undefined, undefined, undefined])
})

test('what is forgotten is gone, and a newer upload of a file takes the place of the older one', async () => {
  await using deck = await openPage()
  const script = `
    await Promise.all(['a', 'b', 'c'].map((name) => memory.remember(file(name), name)))
    await memory.remember(file('a'), 'again')
    await memory.forget(file('b'))
    return ids()`
  expect(await run(deck.page, script)).toEqual(['c', 'again'])
})

test('the newest hundred are kept', async () => {
  await using deck = await openPage()
  const kept = await run<string[]>(
    deck.page,
    `for (let n = 0; n < 103; n++) await memory.remember(file('f' + n), 'up-' + n)
    return ids()`,
  )
  expect(kept).toHaveLength(100)
  expect([kept[0], kept.at(-1)]).toEqual(['up-3', 'up-102'])
})

test('a file can be had again the next day by its handle, also when its upload became another one', async () => {
  await using folder = await openFolder()
  const open = async () => openPage(`${ORIGIN}/`, await launchProfile(join(folder.path, 'profile')))
  {
    await using deck = await open()
    await run(
      deck.page,
      `const handle = await (await navigator.storage.getDirectory()).getFileHandle('a.wav', { create: true })
      const writable = await handle.createWritable()
      await writable.write('la')
      await writable.close()
      await memory.remember(file('a.wav'), 'up-a', handle)
      await memory.remember(file('a.wav'), 'up-b')`,
    )
  }
  await using deck = await open()
  const script = `
    const { uploadId, handle } = await memory.find(file('a.wav'))
    return [uploadId, await (await handle.getFile()).text()]`
  expect(await run(deck.page, script)).toEqual(['up-b', 'la'])
})

test('a page that may store nothing remembers nothing, quietly', async () => {
  await using deck = await openPage('data:text/html,<p>A page</p>')
  expect(await run(deck.page, `await memory.remember(file('a'), 'a'); return ids()`)).toEqual([])
  expect(deck.complaints).toEqual([])
})

test('what the browser cannot store is not remembered, and what it knows already stays', async () => {
  await using deck = await openPage()
  const script = `
    await memory.remember(file('a'), 'a')
    await memory.remember(file('b'), 'b', () => 'no handle')
    return ids()`
  expect(await run(deck.page, script)).toEqual(['a'])
  expect(deck.complaints).toEqual([])
})
