import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listen, type Listened } from '../support/audio.ts'
import type { Kind } from './folder.ts'
import { useSetting } from './setting.ts'

const setting = useSetting()
const SECONDS = 3
/** Encoders pad to whole frames, and not every container can say how much of that is padding. */
const PADDING_MS = 60

type Target = Pick<Listened, 'codec' | 'container'> & { label: string; extension: string }
const TARGETS = {
  mp3: { label: 'MP3', extension: 'mp3', codec: 'mp3', container: 'mp3' },
  aac: { label: 'AAC (M4A)', extension: 'm4a', codec: 'aac', container: 'mov,mp4,m4a,3gp,3g2,mj2' },
  opus: { label: 'Opus', extension: 'opus', codec: 'opus', container: 'ogg' },
  vorbis: { label: 'Ogg Vorbis', extension: 'ogg', codec: 'vorbis', container: 'ogg' },
  flac: { label: 'FLAC', extension: 'flac', codec: 'flac', container: 'flac' },
  wav: { label: 'WAV', extension: 'wav', codec: 'pcm_s16le', container: 'wav' },
} satisfies Record<string, Target>

test.each<[Kind, keyof typeof TARGETS]>([
  ['wav', 'mp3'],
  ['mp3', 'aac'],
  ['flac', 'opus'],
  ['m4a', 'vorbis'],
  ['ogg', 'flac'],
  ['flac', 'wav'],
])('%s becomes %s', async (kind, target) => {
  await using deck = await setting.open()
  const { label, extension, codec, container } = TARGETS[target]
  const name = `From ${kind} – für ${target}`
  const source = await setting.folder().sound(kind, SECONDS, `${name}.${kind}`)
  await deck.format(label).check()
  await deck.convert(source)

  const result = `${name}.${extension}`
  const saved = await deck.save(result, join(setting.folder().path, `result of ${result}`))
  expect(saved.suggestedName).toBe(result)
  const found = await listen(saved.file)
  expect(found).toMatchObject({ codec, container, channels: 2 })
  expect(Math.abs(found.durationMs - SECONDS * 1000)).toBeLessThanOrEqual(PADDING_MS)

  expect(await deck.bar(`${name}.${kind}`).getAttribute('aria-valuenow')).toBe('100')
  expect(await deck.row(`${name}.${kind}`).getByRole('status').textContent()).toContain(`Ready: ${result}`)
  expect(deck.complaints).toEqual([])
})

test('the upload of several parts and the conversion each go from nought to a hundred, and never fall', async () => {
  await using deck = await setting.open()
  const source = await setting.folder().sound('wav', 30, 'long.wav') // two parts
  await deck.convert(source)
  await deck.download('long.mp3').waitFor()
  for (const way of ['Upload', 'Conversion'] as const) {
    const seen = await deck.progress('long.wav', way)
    expect(seen[0]).toBe(0)
    expect(seen.at(-1)).toBe(100)
    expect(seen.length).toBeGreaterThan(2)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(seen.indexOf(100)).toBe(seen.length - 1)
  }
})

test('several files go through one after the other, each in a row of its own', async () => {
  await using deck = await setting.open()
  const kinds: Kind[] = ['ogg', 'mp3', 'm4a']
  const sources = await Promise.all(kinds.map((kind) => setting.folder().sound(kind, 1, `many.${kind}`)))
  await deck.format('FLAC').check()
  await deck.convert(...sources)
  for (const kind of kinds) {
    const row = deck.row(`many.${kind}`)
    await row.getByRole('link', { name: 'Download many.flac' }).waitFor()
    expect((await deck.progress(`many.${kind}`)).at(-1)).toBe(100)
  }
  expect(deck.complaints).toEqual([])
})

test('settings reach the encoder', async () => {
  await using deck = await setting.open()
  const source = await setting.folder().sound('wav', 1, 'mono.wav')
  await deck.format('WAV').check()
  await deck.page.getByText('Settings for WAV').click()
  await deck.page.getByLabel('Channels').selectOption('1')
  await deck.page.getByLabel('Bit depth').selectOption({ label: '24 bit' })
  await deck.convert(source)
  const { file } = await deck.save('mono.wav', join(setting.folder().path, 'saved.wav'))
  expect(await listen(file)).toMatchObject({ codec: 'pcm_s24le', channels: 1 })
})

test('a file that is on the server is made into something else without being sent again', async () => {
  await using deck = await setting.open()
  const source = await setting.folder().sound('wav', 1, 'twice.wav')
  await deck.convert(source)
  await deck.download('twice.mp3').waitFor()
  const uploads: string[] = []
  deck.page.on('request', (request) => {
    if (request.method() !== 'GET' && request.url().includes('api/uploads')) uploads.push(request.url())
  })
  await deck.page.getByRole('button', { name: 'Another version of twice.wav' }).click()
  await deck.page.getByLabel('What twice.wav becomes').selectOption('Opus')
  await deck.page.getByRole('button', { name: 'Convert twice.wav' }).click()
  await deck.download('twice.opus').waitFor()
  expect(uploads).toEqual([])
})
