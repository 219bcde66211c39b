import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { unzip } from '../support/unzip.ts'
import { useSetting } from './setting.ts'

const setting = useSetting()

test('a conversion goes on without the page, and the page finds it again', async () => {
  await using deck = await setting.open()
  const { page } = deck
  await deck.format('Opus').check()
  await deck.convert(await setting.folder().sound('wav', 30, 'onward.wav'))
  await deck
    .row('onward.wav')
    .getByText(/^Converting/)
    .waitFor()
  await page.reload()
  expect(await page.getByRole('heading', { name: 'From earlier' }).count()).toBe(1)
  await deck.download('onward.opus').waitFor()
  const seen = await deck.progress('onward.wav')
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  expect(deck.complaints).toEqual([])
})

test('results stay listed with the time that is left, and are deleted with their source when that is wished', async () => {
  await using deck = await setting.open()
  const { page } = deck
  await deck.convert(await setting.folder().sound('wav', 1, 'kept.wav'))
  await deck.download('kept.mp3').waitFor()
  await page.reload()
  const row = deck.row('kept.wav')
  await row.getByText(/kept for 2[34] hours/).waitFor()
  const { url: result } = await page.evaluate<{ url: string }>(
    `({ url: document.querySelector('a[download]').href })`,
  )
  await row.getByRole('button', { name: 'Delete kept.wav' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Keep' }).click()
  expect((await fetch(result)).status).toBe(200)
  await row.getByRole('button', { name: 'Delete kept.wav' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete now' }).click()
  await row.waitFor({ state: 'detached' })
  expect([404, 410]).toContain((await fetch(result)).status)
  await page.reload()
  await deck.format('MP3').waitFor()
  expect(await page.getByRole('listitem').count()).toBe(0)
})

test('several results come as one zip', async () => {
  await using deck = await setting.open()
  const { page } = deck
  const files = await Promise.all(['a.wav', 'b.wav'].map((name) => setting.folder().sound('wav', 1, name)))
  await deck.convert(...files)
  const link = page.getByRole('link', { name: 'Download 2 as zip' })
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
  const zip = join(setting.folder().path, 'all.zip')
  await download.saveAs(zip)
  const entries = await unzip(await readFile(zip))
  expect(entries.map(({ name }) => name)).toEqual(['a.mp3', 'b.mp3'])
  expect(deck.complaints).toEqual([])
})

test('a job that fails says why, shows what FFmpeg said, and can be tried again', async () => {
  await using deck = await setting.open()
  await deck.convert(await setting.folder().hollow(20, 'broken.m4a'))
  const row = deck.row('broken.m4a')
  await row.getByText('This file could not be converted.').waitFor()
  await row.getByRole('button', { name: 'Details of broken.m4a' }).click()
  await expect.poll(() => row.locator('pre').textContent()).toMatch(/Invalid data/)
  const again = deck.page.waitForResponse((response) => response.url().endsWith('/retry'))
  await row.getByRole('button', { name: 'Try again: broken.m4a' }).click()
  expect((await again).status()).toBe(202)
  await row.getByText('This file could not be converted.').waitFor()
  // The browser itself writes down that there is no picture of such a sound.
  expect(deck.complaints.filter((one) => !one.includes('status of 422'))).toEqual([])
})

test('a paused upload stands still, lets others pass, and goes on', async () => {
  await using deck = await setting.open()
  const { page } = deck
  const letThrough = await deck.intercept('**/parts/2', () => {})
  await deck.add(
    await setting.folder().sound('wav', 30, 'slow.wav'),
    await setting.folder().sound('wav', 1, 'quick.wav'),
  )
  await page.getByRole('button', { name: 'Pause slow.wav' }).click()
  await deck.row('slow.wav').getByText('Paused').waitFor()
  await deck.row('quick.wav').getByText('Uploaded').waitFor()
  letThrough()
  await page.getByRole('button', { name: 'Go on with slow.wav' }).click()
  await deck.row('slow.wav').getByText('Uploaded').waitFor()
})

test('without a connection the page says so, and goes on by itself when it is back', async () => {
  await using deck = await setting.open()
  const { page } = deck
  const context = page.context()
  await deck.interceptOnce('**/parts/2', (route) => route.abort())
  await context.setOffline(true)
  await page.getByText('No connection.').waitFor()
  await deck.convert(await setting.folder().sound('wav', 30, 'offline.wav'))
  await context.setOffline(false)
  await deck.download('offline.mp3').waitFor()
  expect(await page.getByText('No connection.').count()).toBe(0)
})

test('a line that breaks off after a file was added takes nothing of the page away', async () => {
  await using deck = await setting.open()
  const { page } = deck
  await deck.add(await setting.folder().sound('wav', 1, 'code.wav'))
  await deck.row('code.wav').getByText('Uploaded').waitFor()
  await page.context().setOffline(true)
  await page.getByRole('button', { name: 'Edit code.wav' }).click()
  await deck.row('code.wav').getByLabel('Title').waitFor()
})

test('a part of the page that cannot be loaded says so, and is there after a reload', async () => {
  await using deck = await setting.open()
  const { page } = deck
  const letThrough = await deck.intercept('**/assets/edit-panel-*.js', (route) => route.abort())
  await deck.add(await setting.folder().sound('wav', 1, 'part.wav'))
  await deck.row('part.wav').getByText('Uploaded').waitFor() // a reload would interrupt it
  await page.getByRole('button', { name: 'Edit part.wav' }).click()
  await deck.row('part.wav').getByText('could not be loaded').waitFor()
  letThrough()
  const reloaded = page.waitForEvent('load')
  await page.getByRole('button', { name: 'Reload the page' }).click()
  await reloaded
  await page.getByRole('button', { name: 'Edit part.wav' }).click()
  await deck.row('part.wav').getByLabel('Title').waitFor()
})
