import AxeBuilder from '@axe-core/playwright'
import { expect, test } from 'vitest'
import type { Deck } from './deck.ts'
import { useSetting } from './setting.ts'

const setting = useSetting()

/** What keeps somebody out, or sticks out at the side, at each width people have. */
async function faults(deck: Deck, state: string): Promise<string[]> {
  const { page } = deck
  const found: string[] = []
  for (const width of [360, 768, 1440]) {
    await page.setViewportSize({ width, height: 900 })
    if (await deck.isTooWide()) found.push(`${state}: too wide at ${width}`)
  }
  const { violations } = await new AxeBuilder({ page }).analyze()
  return [
    ...found,
    ...violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${state}: ${id}: ${html}`)),
  ]
}

test.each(['light', 'dark'] as const)(
  'in %s colours nothing keeps anybody out, whatever happens',
  async (colorScheme) => {
    await using deck = await setting.open({ colorScheme })
    const { page } = deck
    const name = (rest: string) => `${colorScheme} ${rest}`
    const seen: string[] = []
    const check = async (state: string) => seen.push(...(await faults(deck, state)))
    const press = (label: string) => page.getByRole('button', { name: label, exact: true }).click()
    await check('empty')
    await page.getByText('Settings for Music').click()
    await check('settings')

    await page.route('**/parts/2', () => {}) // keeps the upload from ending
    await deck.add(await setting.folder().sound('wav', 30, name('going up.wav')))
    await check('uploading')
    await press(`Pause ${name('going up.wav')}`)
    await check('paused')

    await deck.add(
      await setting.folder().sound('wav', 5, name('ready.wav')),
      await setting.folder().text(name('words.mp3')),
      await setting.folder().hollow(5, name('hollow.m4a')),
    )
    await deck.row(name('words.mp3')).getByText('not an audio file').waitFor()
    await deck.row(name('hollow.m4a')).getByText('Uploaded').waitFor()
    await press(`Edit ${name('ready.wav')}`)
    const row = deck.row(name('ready.wav'))
    await row.getByLabel('Artist', { exact: true }).fill('Somebody')
    await row.getByLabel('Fade in', { exact: true }).fill('nonsense')
    await check('editing and refused')

    await press(`Convert ${name('hollow.m4a')}`)
    await deck.row(name('hollow.m4a')).getByText('could not be converted').waitFor()
    await press(`Details of ${name('hollow.m4a')}`)
    await deck.row(name('hollow.m4a')).locator('pre').getByText('Invalid data').waitFor()
    await press(`Convert ${name('ready.wav')}`)
    await deck.download(name('ready.mp3')).waitFor()
    await row.getByText('LUFS').first().waitFor() // the panel is still open
    await check('done and failed')

    await press(`Delete ${name('ready.wav')}`)
    await page.getByRole('dialog').waitFor()
    await check('asking')
    await page.getByRole('button', { name: 'Keep' }).click()

    page.on('dialog', (dialog) => void dialog.accept()) // the page asks before it is left
    await page.reload()
    await page.getByText('The upload was interrupted').waitFor()
    await page.context().setOffline(true)
    await page.getByText('No connection.').waitFor()
    await check('interrupted, from earlier, offline')
    expect(seen).toEqual([])
  },
)

test('the page is spoken in German where that is wished', async () => {
  await using deck = await setting.open({ locale: 'de-AT' })
  const { page } = deck
  expect(await page.locator('html').getAttribute('lang')).toBe('de')
  await page
    .getByLabel('Audiodateien hierher ziehen')
    .setInputFiles(await setting.folder().sound('wav', 1, 'de.wav'))
  await page.getByRole('button', { name: '1 Datei umwandeln' }).click()
  await page.getByText('Fertig: de.mp3').waitFor()
  await page.getByRole('combobox', { name: 'Sprache' }).selectOption('English')
  await page.getByText('Ready: de.mp3').waitFor()
  expect(await faults(deck, 'English')).toEqual([])
  expect(deck.complaints).toEqual([])
})
