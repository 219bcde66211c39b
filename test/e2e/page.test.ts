import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listen } from '../support/audio.ts'
import { startPrefixProxy } from './prefix-proxy.ts'
import { useSetting } from './setting.ts'

const setting = useSetting()

test('nothing sticks out at 360 pixels, whatever the settings and however long the name', async () => {
  await using deck = await setting.open({ viewport: { width: 360, height: 740 } })
  expect(await deck.isTooWide()).toBe(false)
  await deck.page.getByText('Settings for Music').click()
  for (const format of await deck.page.getByRole('radio').all()) {
    await format.check()
    expect(await deck.isTooWide()).toBe(false)
  }
  await deck.format('MP3').check()
  const name = 'x'.repeat(200)
  await deck.convert(
    await setting.folder().sound('ogg', 1, `${name}.ogg`),
    await setting.folder().text('words.mp3'),
  )
  await deck.download(`${name}.mp3`).waitFor()
  await deck.row('words.mp3').getByText('not an audio file').waitFor()
  expect(await deck.isTooWide()).toBe(false)
})

test('every picture has a width of its own, since without one engines disagree about its size', async () => {
  await using deck = await setting.open()
  await deck.add(await setting.folder().sound('wav', 1, 'drawn.wav'))
  const row = deck.row('drawn.wav')
  await row.getByText('Uploaded').waitFor()
  await row.getByRole('button', { name: 'Edit drawn.wav' }).click()
  await row.getByLabel('Start of drawn.wav').waitFor()
  // The computed width is `auto` where nothing sets one; the used width is always in pixels.
  const widths = await deck.page.evaluate<[string, string][]>(`
    [...document.querySelectorAll('svg, img, canvas')].map((picture) =>
      [picture.outerHTML, String(picture.computedStyleMap().get('width'))])
  `)
  expect(widths.length).toBeGreaterThan(5)
  expect(widths.filter(([, width]) => width === 'auto')).toEqual([])
})

test('everything can be done with the keyboard', async () => {
  await using deck = await setting.open()
  const { page } = deck
  const source = await setting.folder().sound('wav', 1, 'keys.wav')
  page.on('filechooser', (chooser) => void chooser.setFiles(source))
  /** Goes on to the next thing of this name. */
  const tabTo = async (label: string) => {
    const target = page.locator(':focus').and(page.getByLabel(label, { exact: true }))
    for (let steps = 0; steps < 40; steps++) {
      await page.keyboard.press('Tab')
      if ((await target.count()) > 0) return
    }
    throw new Error(`${label} cannot be reached`)
  }
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter') // on the bay: choose files
  const row = deck.row('keys.wav')
  await row.getByText('Uploaded').waitFor()

  await tabTo('Music')
  for (let key = 0; key < 7; key++) await page.keyboard.press('ArrowRight') // past the other presets, to AAC
  await tabTo('What keys.wav becomes')
  await tabTo('Play keys.wav')
  await tabTo('Place in keys.wav')
  await tabTo('Edit keys.wav')
  await page.keyboard.press('Enter')
  await page.getByLabel('Start of keys.wav').waitFor()
  await page.keyboard.press('Shift+Tab')
  for (const edge of ['End', 'Fade out', 'Fade in', 'Start']) {
    await page
      .locator(':focus')
      .and(page.getByLabel(`${edge} of keys.wav`))
      .waitFor()
    if (edge !== 'Start') await page.keyboard.press('Shift+Tab')
  }
  for (let key = 0; key < 3; key++) await page.keyboard.press('ArrowRight') // of 100 ms each
  await tabTo('Title')
  await page.keyboard.type('Typed')
  await page.getByRole('button', { name: 'Convert keys.wav' }).focus()
  await page.keyboard.press('Enter')
  await deck.download('keys.m4a').waitFor()
  await deck.download('keys.m4a').focus()
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')])
  expect(download.suggestedFilename()).toBe('keys.m4a')
  const file = join(setting.folder().path, 'keys.m4a')
  await download.saveAs(file)
  const { durationMs, title } = await listen(file)
  expect(Math.abs(durationMs - 700)).toBeLessThan(60)
  expect(title).toBe('Typed')
  expect(deck.complaints).toEqual([])
})

test('files can be dropped anywhere, and picked with a click', async () => {
  await using deck = await setting.open()
  const { page } = deck
  // In a window that leaves no traces, as tests have it, this browser dies of keeping the handle of a file.
  await page.addInitScript('delete DataTransferItem.prototype.getAsFileSystemHandle')
  await page.reload()
  await deck.format('MP3').waitFor()
  const files = [await setting.folder().sound('flac', 1, 'dropped.flac')]
  const devtools = await page.context().newCDPSession(page)
  const drag = (type: 'dragEnter' | 'dragOver' | 'drop') =>
    devtools.send('Input.dispatchDragEvent', {
      type,
      x: 5,
      y: 5,
      data: { items: [], files, dragOperationsMask: 1 },
    })
  await drag('dragEnter')
  await drag('dragOver')
  await page.getByText('Let go to add them').waitFor()
  await drag('drop')
  await page.getByRole('button', { name: 'Convert dropped.flac' }).click()
  await deck.download('dropped.mp3').waitFor()

  const picked = await setting.folder().sound('ogg', 1, 'picked.ogg')
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByText('or choose them').click(),
  ])
  expect(chooser.isMultiple()).toBe(true)
  await chooser.setFiles(picked)
  await page.getByRole('button', { name: 'Convert picked.ogg' }).click()
  await deck.download('picked.mp3').waitFor()
  expect(deck.complaints).toEqual([])
})

test('the page works below a path of another server, and bears a policy without exceptions', async () => {
  await using proxy = await startPrefixProxy(setting.url(), '/audio/deck/')
  await using deck = await setting.open({}, proxy.url)
  const policy = (await deck.page.reload())?.headers()['content-security-policy']
  expect(policy).toContain("default-src 'self'")
  expect(policy).not.toContain('unsafe')
  await deck.convert(await setting.folder().sound('m4a', 1, 'below.m4a'))
  const { suggestedName } = await deck.save('below.mp3', join(setting.folder().path, 'below.mp3'))
  expect(suggestedName).toBe('below.mp3')
  expect(deck.complaints).toEqual([])
})
