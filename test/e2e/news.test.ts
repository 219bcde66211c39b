import { expect, test } from 'vitest'
import { useSetting } from './setting.ts'

const setting = useSetting()

test('news of all jobs come by one stream, and nothing is asked for beside it', async () => {
  await using deck = await setting.open()
  const { page } = deck
  const streams: string[] = []
  const polls: string[] = []
  page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (pathname === '/api/progress/stream') streams.push(request.url())
    if (pathname === '/api/progress') polls.push(request.url())
  })
  const files = ['one.wav', 'two.wav'].map((name) => setting.folder().sound('wav', 30, name))
  await deck.add(...(await Promise.all(files)))
  for (const name of ['one.wav', 'two.wav']) await deck.row(name).getByText('Uploaded').waitFor()
  await page.getByRole('button', { name: 'Convert 2 files' }).click()
  await deck.download('one.mp3').waitFor()
  await deck.download('two.mp3').waitFor()
  expect(new Set(streams.flatMap((url) => new URL(url).searchParams.getAll('jobId'))).size).toBe(2)
  expect(streams.length).toBeLessThanOrEqual(2)
  expect(polls.length).toBeLessThanOrEqual(2) // before the stream is open
})

test('where no stream gets through, the page asks', async () => {
  await using deck = await setting.open()
  await deck.page.route('**/api/progress/stream*', (route) => route.fulfill({ status: 502 }))
  await deck.convert(await setting.folder().sound('wav', 30, 'asked.wav'))
  await deck.download('asked.mp3').waitFor()
  const seen = await deck.progress('asked.wav')
  expect(seen.at(-1)).toBe(100)
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
})

test('title and icon tell how far all is', async () => {
  await using deck = await setting.open()
  const { page } = deck
  const icon = () => page.locator('link[rel=icon]').getAttribute('href')
  expect(await page.title()).toBe('Tapedeck')
  expect(await icon()).toBe('./favicon.svg')
  await deck.format('Opus').check()
  await deck.convert(await setting.folder().sound('wav', 30, 'titled.wav'))
  await expect.poll(() => page.title()).toMatch(/^\d+% – Tapedeck$/)
  expect(await icon()).toMatch(/^data:image\/svg/)
  await deck.download('titled.opus').waitFor()
  await expect.poll(() => page.title()).toBe('1 ready – Tapedeck')
  expect(deck.complaints).toEqual([])
})

test('who wishes so is told by the system when all is done, unless the page is being looked at', async () => {
  await using deck = await setting.open({ permissions: ['notifications'] })
  const { page } = deck
  await page.evaluate(`
    window.told = []
    window.Notification = class extends EventTarget {
      static requestPermission = async () => 'granted'
      constructor(title, { body }) { super(); window.told.push(title + ': ' + body) }
    }
    Object.defineProperty(document, 'hidden', { get: () => true })
  `)
  await deck.format('Opus').check()
  await deck.convert(await setting.folder().sound('wav', 40, 'told.wav'))
  await page.getByRole('button', { name: 'Tell me when all is done' }).click()
  await page.getByRole('button', { name: 'You will be told when all is done' }).waitFor()
  await deck.download('told.opus').waitFor()
  await expect.poll(() => page.evaluate('window.told')).toEqual(['Tapedeck: 1 ready'])
})

test('how far all is, is said aloud now and then, and once more when it is over', async () => {
  await using deck = await setting.open()
  const { page } = deck
  await page.clock.install()
  await page.reload()
  await deck.format('Opus').check()
  await deck.convert(await setting.folder().sound('wav', 40, 'spoken.wav'))
  await deck
    .row('spoken.wav')
    .getByText(/^Converting/)
    .waitFor()
  const said = page.locator('[aria-live=polite]:not([role])')
  await page.clock.fastForward(15_000)
  await expect.poll(() => said.textContent()).toMatch(/^1 file, 1 converting\. \d+% of all\.$/)
  await deck.download('spoken.opus').waitFor()
  await expect.poll(() => said.textContent()).toBe('1 file, 1 ready')
})
