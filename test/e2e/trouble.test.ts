import { expect, test } from 'vitest'
import { useSetting } from './setting.ts'

const setting = useSetting()

test('a text file with the name of a sound file is refused in words one can read', async () => {
  await using deck = await setting.open()
  await deck.add(await setting.folder().text('lyrics.mp3'))
  const row = deck.row('lyrics.mp3')
  await row.getByRole('button', { name: 'Remove lyrics.mp3' }).waitFor()
  expect(await row.getByRole('status').textContent()).toBe(
    'lyrics.mp3: This is not an audio file, or it is too damaged to be opened.',
  )
  // A second try would end the same, so none is offered.
  expect(await row.getByRole('button', { name: 'Try again' }).count()).toBe(0)
  // The browser itself writes down that an answer was not a success.
  expect(deck.complaints).toEqual([expect.stringContaining('status of 422')])
})

test('an empty file is refused, and can be put away without losing the place', async () => {
  await using deck = await setting.open()
  await deck.add(await setting.folder().text('empty.wav', ''))
  const row = deck.row('empty.wav')
  await row.getByText('This file is empty.').waitFor()
  await row.getByRole('button', { name: 'Remove empty.wav' }).press('Enter')
  await row.waitFor({ state: 'detached' })
  expect(await deck.page.evaluate('document.activeElement.textContent')).toBe('Files')
})

test('a broken connection costs a pause and nothing else', async () => {
  await using deck = await setting.open()
  await deck.interceptOnce('**/parts/*', (route) => route.abort())
  await deck.convert(await setting.folder().sound('wav', 30, 'broken.wav'))
  await deck.download('broken.mp3').waitFor()
  const seen = await deck.progress('broken.wav', 'Upload')
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  expect(deck.complaints).toEqual([expect.stringContaining('net::ERR_FAILED')])
})

test('an upload can be cancelled, and begun again', async () => {
  await using deck = await setting.open()
  const { page } = deck
  const letThrough = await deck.intercept('**/parts/*', () => {})
  const underWay = page.waitForRequest('**/parts/*')
  await deck.convert(await setting.folder().sound('wav', 1, 'again.wav'))
  await underWay
  const row = deck.row('again.wav')
  const deleted = page.waitForResponse((response) => response.request().method() === 'DELETE')
  await row.getByRole('button', { name: 'Cancel again.wav' }).click()
  await row.getByText('Cancelled').waitFor()
  expect((await deleted).status()).toBe(204)
  letThrough()
  await row.getByRole('button', { name: 'Try again: again.wav' }).click()
  await deck.download('again.mp3').waitFor()
})

test('a conversion can be cancelled, and tried again', async () => {
  await using deck = await setting.open()
  const row = deck.row('long.wav')
  await deck.format('Opus').check()
  await deck.convert(await setting.folder().sound('wav', 50, 'long.wav'))
  await row.getByText(/^Converting/).waitFor()
  await row.getByRole('button', { name: 'Cancel long.wav' }).click()
  await row.getByText('Cancelled').waitFor()
  await row.getByRole('button', { name: 'Try again: long.wav' }).click()
  await deck.download('long.opus').waitFor()
  expect(await deck.bar('long.wav').getAttribute('aria-valuenow')).toBe('100')
  expect(deck.complaints).toEqual([])
})

test('a file that is added again after a reload goes on where it stopped', async () => {
  await using deck = await setting.open()
  const { page } = deck
  page.on('dialog', (dialog) => void dialog.accept()) // the page asks before it is left
  const source = await setting.folder().sound('wav', 30, 'halfway.wav') // two parts
  const letThrough = await deck.intercept('**/parts/2', () => {})
  const first = page.waitForResponse('**/parts/1')
  await deck.add(source)
  await first
  await page.reload()
  letThrough()
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.method() === 'PUT') sent.push(request.url())
  })
  await deck.row('halfway.wav').getByText('The upload was interrupted').waitFor()
  await deck.convert(source)
  await deck.download('halfway.mp3').waitFor()
  expect(await page.getByRole('listitem').count()).toBe(1)
  expect(sent).toEqual([expect.stringMatching(/parts\/2$/)])
})

test('a page that cannot load the formats says so, and loads them when asked to', async () => {
  await using deck = await setting.open()
  const { page } = deck
  await deck.interceptOnce('**/api/formats', (route) => route.fulfill({ status: 404 }))
  await page.reload()
  const alert = page.getByRole('alert')
  await alert.getByText('The formats cannot be loaded').waitFor()
  await alert.getByRole('button', { name: 'Try again' }).click()
  await deck.format('MP3').waitFor()
})
