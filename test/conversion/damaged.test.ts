import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SourceRefused } from '../../src/uploads/index.ts'
import { listen, makeAudio, SOURCES } from '../support/audio.ts'
import { FFMPEG } from '../support/ffmpeg-paths.ts'
import { Converter } from '../support/converter.ts'

const run = promisify(execFile)
const SECONDS = 20
let converter: Converter
beforeAll(async () => {
  converter = await Converter.open()
})
afterAll(() => converter[Symbol.asyncDispose]())

async function bytesOf(extension: keyof typeof SOURCES): Promise<Buffer<ArrayBuffer>> {
  const file = converter.at(`whole.${extension}`)
  await makeAudio(file, { seconds: SECONDS, flags: SOURCES[extension] })
  return readFile(file)
}

/** Converts what these bytes are, to whatever end. */
async function convert(name: string, bytes: Buffer, format: string) {
  await writeFile(converter.at(name), bytes)
  return converter.convert({ uploadId: await converter.add(converter.at(name)), format })
}

test('a truncated source gives what is in it, with a warning of what is not, never a silent success', async () => {
  const whole = await bytesOf('flac')
  const { job, file } = await convert('cut.flac', whole.subarray(0, whole.length / 2), 'wav')
  expect(job.state).toBe('done')
  expect(job.warnings?.join()).toMatch(
    /lasts \d+\.\d\d s; by what the source announced it should last 20\.00 s/,
  )
  const { durationMs } = await listen(file)
  expect(durationMs).toBeGreaterThan(5_000)
  expect(durationMs).toBeLessThan(15_000)
})

test('a source with holes is converted with a warning, and its log has the words of FFmpeg without our paths', async () => {
  const holey = Buffer.from(await bytesOf('flac'))
  for (let at = 50_000; at < holey.length; at += 50_000) holey.fill(0x55, at, at + 2000)
  const { job, log } = await convert('holes.flac', holey, 'mp3')
  expect(job.state).toBe('done')
  expect(job.warnings?.join()).toMatch(/damaged in places \(FFmpeg: /)
  expect(log).not.toBe('')
  expect(log).not.toContain(converter.at(''))
})

test('of a source that is damaged nearly everywhere, what is left is given, with warnings', async () => {
  const file = converter.at('mostly.tta')
  await makeAudio(file, { seconds: SECONDS, flags: ['-c:a', 'tta'] })
  const bytes = Buffer.from(await readFile(file))
  // Packets of TTA last about a second each, and the first quarter of them stays whole.
  for (let at = Math.floor(bytes.length / 4); at < bytes.length; at += 1000) bytes.fill(0x55, at, at + 4)
  const { job } = await convert('mostly.tta', bytes, 'flac')
  const { state, result, warnings = [] } = job
  expect(state).toBe('done')
  expect(result?.durationMs).toBeGreaterThan((SECONDS * 1000) / 5)
  expect(result?.durationMs).toBeLessThan((SECONDS * 1000) / 3)
  expect(warnings.join()).toMatch(/should last 20\.00 s.*damaged in places/)
})

test('a source of which FFmpeg makes nothing and says nothing fails all the same, and only once', async () => {
  const empty = Buffer.from(await bytesOf('flac'))
  empty.fill(0, 8300) // the headers say what it would be; nothing of it follows
  const { job } = await convert('empty.flac', empty, 'mp3')
  expect(job).toMatchObject({
    state: 'failed',
    attempt: 1,
    error: { code: 'conversion-failed', message: 'No audio could be made of this file.' },
  })
  expect(job.progress.progress).toBeLessThan(100)
  expect(job.result).toBeUndefined()
})

test('a job that went well has an empty log', async () => {
  const { job, log } = await convert('good.flac', await bytesOf('flac'), 'mp3')
  expect([job.state, log, job.warnings]).toEqual(['done', '', undefined])
})

test('a film without sound is refused by a code of its own, with what was found', async () => {
  const file = converter.at('film.mp4')
  await run(FFMPEG, ['-v', 'error', '-y', '-f', 'lavfi', '-i', 'testsrc=d=1', '-c:v', 'mpeg4', file])
  const refusal: unknown = await converter.add(file).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(SourceRefused)
  expect(refusal).toMatchObject({
    code: 'no-audio-stream',
    message: expect.stringContaining('video mpeg4 in mov') as string,
  })
})
