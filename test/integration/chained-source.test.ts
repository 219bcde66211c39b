import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { WaveformView } from '../../src/contract/index.ts'
import { json } from '../support/api.ts'
import { chain, ffmpegIn, sine } from '../support/odd-sources.ts'
import { decoded } from '../support/sound.ts'
import { openStudio, type Studio } from '../support/studio.ts'

const SECONDS = 4
/** More than a packet of Vorbis. */
const ONE_FRAME_MS = 50

let studio: Studio
let uploadId = ''
beforeAll(async () => {
  studio = await openStudio()
  const ffmpeg = ffmpegIn(studio.at(''))
  for (const rateHz of [24_000, 48_000])
    await ffmpeg([...sine(SECONDS / 2, { rateHz }), '-c:a', 'libvorbis', `${rateHz}.ogg`])
  await chain(studio.at(''), ['24000.ogg', '48000.ogg'], 'whole.ogg')
  uploadId = await studio.api.upload('whole.ogg', await readFile(studio.at('whole.ogg')))
})
afterAll(() => studio[Symbol.asyncDispose]())

async function made(what: string): Promise<Response> {
  for (;;) {
    const answer = await studio.api.call(`uploads/${uploadId}/${what}`)
    if (answer.status !== 202) return answer
  }
}

test('of a chain of two rates all is in its preview', async () => {
  await writeFile(studio.at('preview.flac'), Buffer.from(await (await made('preview')).arrayBuffer()))
  const { rateHz, channels } = await decoded(studio.at('preview.flac'))
  expect(rateHz).toBe(48_000)
  expect(Math.abs((channels[0]?.length ?? 0) / 48 - SECONDS * 1000)).toBeLessThan(ONE_FRAME_MS)
})

test('of a chain of two rates all is in its waveform', async () => {
  const wave = await json<WaveformView>(await made('waveform'))
  const seconds = (wave.length * wave.samples_per_pixel) / wave.sample_rate
  expect(Math.abs(seconds - SECONDS)).toBeLessThan(ONE_FRAME_MS / 1000)
  expect(wave.data.slice(-20).some((value) => value > 5)).toBe(true)
})
