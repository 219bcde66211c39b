import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { launchProfile } from './browser.ts'
import { openDeck, type Deck } from './deck.ts'
import { useSetting } from './setting.ts'

const setting = useSetting()

const names = async ({ page }: Deck) => page.getByRole('heading', { level: 3 }).allTextContents()

/** A folder of three sounds, one of them in a folder of its own, and what a system put beside them. */
async function makeAlbum(name: string) {
  const folder = setting.folder()
  const { path } = folder
  const album = join(path, name)
  await mkdir(join(album, 'Disc 2'), { recursive: true })
  const put = async (file: string, place: string) => rename(file, join(album, place))
  await put(await folder.sound('wav', 1, 'x2.wav'), '2 Two.wav')
  await put(await folder.sound('wav', 1, 'x10.wav'), '10 Ten.wav')
  await put(await folder.sound('wav', 1, 'x1.wav'), 'Disc 2/1 One.wav')
  await put(await folder.text('x'), '.DS_Store')
  return album
}

test('all of a folder that is dropped is added, in the order of the names', async () => {
  await using deck = await setting.open()
  const { page } = deck
  const album = await makeAlbum('Dropped')
  const devtools = await page.context().newCDPSession(page)
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await devtools.send('Input.dispatchDragEvent', {
      ...{ type, x: 5, y: 5 },
      data: { items: [], files: [album], dragOperationsMask: 1 },
    })
  await expect.poll(() => names(deck)).toEqual(['2 Two.wav', '10 Ten.wav', '1 One.wav'])
  expect(deck.complaints).toEqual([])
})

test('a folder is picked by its button', async () => {
  await using deck = await setting.open()
  await deck.page.getByLabel('Choose a folder').setInputFiles(await makeAlbum('Picked'))
  await expect
    .poll(async () => (await names(deck)).toSorted())
    .toEqual(['1 One.wav', '10 Ten.wav', '2 Two.wav'])
})

test('files are pasted', async () => {
  await using deck = await setting.open()
  await deck.page.evaluate(`
    const clipboardData = new DataTransfer()
    clipboardData.items.add(new File(['no sound'], 'pasted.wav'))
    window.dispatchEvent(new ClipboardEvent('paste', { clipboardData }))
  `)
  await deck.row('pasted.wav').getByText('not an audio file').waitFor()
})

/** Drops a file of the browser's own file system, the way back to which it gives, as it does for files of the disk. */
const DROP_WITH_HANDLE = `(async () => {
  const root = await navigator.storage.getDirectory()
  const handle = await root.getFileHandle('kept.wav', { create: true })
  const writer = await handle.createWritable()
  await writer.write(new Uint8Array(20 * 2 ** 20))
  await writer.close()
  const dataTransfer = new DataTransfer()
  dataTransfer.items.add(await handle.getFile())
  DataTransferItem.prototype.getAsFileSystemHandle = async () => handle
  window.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }))
})()`

test('where the browser gives a way back to the file, an upload goes on after a reload with one click', async () => {
  // In a profile of its own: windows that leave no traces keep no such handles.
  const profile = { newContext: () => launchProfile(join(setting.folder().path, 'profile')) }
  await using deck = await openDeck(profile, setting.url())
  const { page } = deck
  page.on('dialog', (dialog) => void dialog.accept()) // the page asks before it is left
  const letThrough = await deck.intercept('**/parts/2', () => {})
  const first = page.waitForResponse('**/parts/1')
  await page.evaluate(DROP_WITH_HANDLE)
  await first
  await page.reload()
  await deck.format('MP3').waitFor()
  letThrough()
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.method() === 'PUT') sent.push(request.url().split('/').at(-1) ?? '')
  })
  await page.getByRole('button', { name: 'Go on with kept.wav' }).click()
  await deck.row('kept.wav').getByText('not an audio file').waitFor() // nothing but zeros, all of them sent
  expect(sent.toSorted()).not.toContain('1')
  expect(sent.length).toBeGreaterThan(0)
})

test('another file in place of an interrupted one is refused', async () => {
  await using deck = await setting.open()
  const { page } = deck
  page.on('dialog', (dialog) => void dialog.accept())
  await page.route('**/parts/2', () => {})
  const first = page.waitForResponse('**/parts/1')
  await deck.add(await setting.folder().sound('wav', 30, 'half.wav'))
  await first
  await page.reload()
  const other = await setting.folder().sound('wav', 1, 'other.wav')
  await page.getByLabel('Choose half.wav again').setInputFiles(other)
  await page.getByRole('alert').getByText('That is another file').waitFor()
  await deck.row('half.wav').getByText('The upload was interrupted').waitFor()
})
