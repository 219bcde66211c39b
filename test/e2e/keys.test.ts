import AxeBuilder from '@axe-core/playwright'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newKey } from '../../src/access/index.ts'
import { listen } from '../support/audio.ts'
import { unzip } from '../support/unzip.ts'
import { enterKey } from './deck.ts'
import { useSetting } from './setting.ts'

const [anna, ben] = [newKey('anna'), newKey('ben')]
const setting = useSetting({ API_KEYS: `${anna.entry},${ben.entry}` })

test('a server with keys asks for one, says when it is wrong, and with the right one does all there is to do', async () => {
  await using deck = await setting.open({ key: anna.key })
  const { page } = deck
  const source = await setting.folder().sound('flac', 20, 'With a key.flac')
  const second = await setting.folder().sound('wav', 3, 'And another.wav')
  await deck.convert(source, second)
  for (const name of ['With a key.mp3', 'And another.mp3']) await deck.download(name).waitFor()
  const saved = await deck.save('With a key.mp3', join(setting.folder().path, 'With a key.mp3'))
  expect(await listen(saved.file)).toMatchObject({ codec: 'mp3' })

  const [zip] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download 2 as zip' }).click(),
  ])
  expect((await unzip(await readFile(await zip.path()))).map(({ name }) => name)).toHaveLength(2)

  // The result is played from the server, the source too once the page has forgotten the file.
  await page.reload()
  await deck.download('With a key.mp3').waitFor()
  const row = deck.row('With a key.flac')
  await row.getByRole('button', { name: 'Play With a key.flac' }).click()
  await row.getByRole('button', { name: 'Stop playing With a key.flac' }).waitFor()
  expect(deck.complaints.filter((text) => !text.includes('401'))).toEqual([])
})

test('the gate can be used by everybody', async () => {
  await using deck = await setting.open({ key: anna.key })
  const other = await deck.page.context().newPage()
  await other.goto(setting.url())
  await other.getByRole('heading', { name: 'This server asks for a key' }).waitFor()
  const { violations } = await new AxeBuilder({ page: other }).analyze()
  expect(violations.map(({ id }) => id)).toEqual([])
  await enterKey(other, 'td_wrong')
  await other.getByText('The server does not know this key.').waitFor()
})

test('another key has another list, and a tab that is reloaded keeps its own', async () => {
  await using deck = await setting.open({ key: anna.key })
  const source = await setting.folder().sound('wav', 1, "Anna's.wav")
  await deck.convert(source)
  await deck.download("Anna's.mp3").waitFor()
  await deck.page.reload()
  await deck.download("Anna's.mp3").waitFor()

  const tabOfBen = await deck.page.context().newPage()
  await tabOfBen.goto(setting.url())
  await enterKey(tabOfBen, ben.key)
  await tabOfBen.getByRole('radio', { name: 'MP3', exact: true }).waitFor()
  expect(await tabOfBen.getByRole('heading', { name: "Anna's.wav" }).count()).toBe(0)
})
