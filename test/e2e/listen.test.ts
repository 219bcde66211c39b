import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { decodedMs, listen } from '../support/audio.ts'
import { paint } from '../support/pictures.ts'
import { readTagged } from '../support/tagged.ts'
import type { Deck } from './deck.ts'
import { useSetting } from './setting.ts'

const setting = useSetting()

/** Where the head of a row stands, in seconds. */
const place = async ({ page }: Deck, name: string) =>
  Number(await page.getByLabel(`Place in ${name}`, { exact: true }).inputValue())

test('source and result are played in turn, and the other goes on at the same moment', async () => {
  await using deck = await setting.open()
  const { page } = deck
  await deck.convert(await setting.folder().sound('wav', 30, 'both.wav'))
  await deck.download('both.mp3').waitFor()
  const row = deck.row('both.wav')
  const [source, result] = ['Source', 'Result'].map((name) => row.getByRole('button', { name, exact: true }))
  expect(await result?.getAttribute('aria-pressed')).toBe('true')

  await row.getByRole('button', { name: 'Play both.wav' }).click()
  await expect.poll(() => place(deck, 'both.wav')).toBeGreaterThan(0.2)
  await page.getByLabel('Place in both.wav').press('PageDown') // ten seconds on
  await expect.poll(() => place(deck, 'both.wav')).toBeGreaterThan(10)
  await source?.click()
  await expect.poll(() => source?.getAttribute('aria-pressed')).toBe('true')
  await row.getByRole('button', { name: 'Stop playing both.wav' }).click()
  const stopped = await place(deck, 'both.wav')
  expect(stopped).toBeGreaterThan(10)
  expect(stopped).toBeLessThan(30)
  expect(deck.complaints).toEqual([])
})

test('what the browser itself cannot play is played all the same', async () => {
  await using deck = await setting.open()
  await deck.format('AIFF').check()
  await deck.convert(await setting.folder().sound('wav', 3, 'rare.wav'))
  await deck.download('rare.aiff').waitFor()
  await deck.row('rare.wav').getByRole('button', { name: 'Play rare.wav' }).click()
  await expect.poll(() => place(deck, 'rare.wav')).toBeGreaterThan(0.2)
})

test('a part is cut out by dragging its edges on the sound, and that part comes back', async () => {
  await using deck = await setting.open()
  const { page } = deck
  await deck.add(await setting.folder().sound('wav', 10, 'cut.wav'))
  await page.getByRole('button', { name: 'Edit cut.wav' }).click()
  const drag = async (edge: string, share: number) => {
    const handle = page.getByRole('slider', { name: `${edge} of cut.wav` })
    const sound = await handle.locator('..').boundingBox()
    const box = await handle.boundingBox()
    if (!sound || !box) throw new Error('The handle is not there.')
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
    await page.mouse.down()
    await page.mouse.move(sound.x + sound.width * share, box.y + box.height / 2, { steps: 5 })
    await page.mouse.up()
    return Number(await handle.getAttribute('aria-valuenow'))
  }
  const startMs = await drag('Start', 0.2)
  const endMs = await drag('End', 0.7)
  const fadeInMs = await drag('Fade in', 0.3)
  expect(Math.abs(startMs - 2000)).toBeLessThan(30)
  expect(Math.abs(endMs - 7000)).toBeLessThan(30)
  expect(Math.abs(fadeInMs - 1000)).toBeLessThan(60)

  // To the millisecond it is typed.
  await page.getByLabel('Start', { exact: true }).fill('0:02.5')
  await page.getByLabel('Title').fill('A part')
  await page.getByLabel('What cut.wav becomes').selectOption('FLAC')
  await page.getByLabel('File name').fill('The part')
  await page.getByRole('button', { name: 'Convert cut.wav' }).click()
  const saved = await deck.save('The part.flac', join(setting.folder().path, 'The part.flac'))
  expect(saved.suggestedName).toBe('The part.flac')
  expect(Math.abs((await decodedMs(saved.file)) - (endMs - 2500))).toBeLessThan(2)
  expect((await listen(saved.file)).title).toBe('A part')
  expect(deck.complaints).toEqual([])
})

test('what a conversion has changed is told, with the loudness before and after', async () => {
  await using deck = await setting.open()
  await deck.format('Opus').check()
  await deck.convert(await setting.folder().sound('wav', 5, 'told.wav'))
  await deck.download('told.opus').waitFor()
  const row = deck.row('told.wav')
  await row.getByRole('button', { name: 'Details of told.wav' }).click()
  const changes = row.getByRole('table').first()
  await changes.getByRole('row', { name: 'Codec PCM Opus' }).waitFor()
  await changes.getByRole('row', { name: 'Sample rate 44.1 kHz 48 kHz' }).waitFor()
  const loudness = row.getByRole('table').last()
  for (const side of ['Source', 'Result'])
    await loudness.getByRole('row', { name: new RegExp(`${side} -\\d+\\.\\d LUFS .* LU .* dBTP`) }).waitFor()
  expect(deck.complaints).toEqual([])
})

test("a cover of one's own is seen in the row, and is in the result", async () => {
  await using deck = await setting.open()
  const { page } = deck
  await deck.add(await setting.folder().sound('wav', 1, 'covered.wav'))
  await page.getByRole('button', { name: 'Edit covered.wav' }).click()
  const choose = page.getByLabel('Choose a cover for covered.wav')
  await choose.setInputFiles(await setting.folder().text('words.png'))
  await deck.row('covered.wav').getByText('This picture cannot be used').waitFor()
  const front = join(setting.folder().path, 'front.jpg')
  const bytes = await paint(front, { size: '40x40' })
  await choose.setInputFiles(front)
  await page.getByRole('img', { name: 'Cover of covered.wav' }).waitFor()
  await expect.poll(() => page.evaluate(`document.querySelector('li img').naturalWidth`)).toBe(40)
  await page.getByRole('button', { name: 'Convert covered.wav' }).click()
  const { file } = await deck.save('covered.mp3', join(setting.folder().path, 'covered.mp3'))
  expect((await readTagged(file)).cover).toBe(createHash('md5').update(bytes).digest('hex'))
})
