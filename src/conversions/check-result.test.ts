import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Tools } from '../ffmpeg/index.ts'
import { checkResult, type CheckedFile } from './check-result.ts'

const MP3 = { codec: 'mp3', sampleRateHz: 48_000 }
/** Two packets of MP3 at 48 kHz. */
const PADDING_MS = 48

let folder: string
let tools: Tools

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'check-result-'))
  tools = {
    ffmpeg: 'none',
    ffprobe: path.join(folder, 'ffprobe'),
    version: 'none',
    encoders: new Set(),
    soxr: false,
    wrappers: { setpriv: false, nice: false, prlimit: false },
  }
})
afterEach(() => rm(folder, { recursive: true }))

/** An ffprobe that says this of every file. */
async function probeSays(report: object): Promise<void> {
  await writeFile(tools.ffprobe, `#!/bin/sh\ncat <<'END'\n${JSON.stringify(report)}\nEND\n`)
  await chmod(tools.ffprobe, 0o755)
}

/** What ffprobe says of such a file. */
const holding = (codec_name: string, seconds: number) => ({
  format: { format_name: 'wav', duration: `${seconds}` },
  streams: [{ index: 0, codec_type: 'audio', codec_name, sample_rate: '48000', channels: 2 }],
})
const wav = (seconds: number) => holding('pcm_s16le', seconds)

async function check(values: Partial<CheckedFile> = {}, bytes = 'sound') {
  await writeFile(path.join(folder, 'output.wav'), bytes)
  const file = { folder, file: 'output.wav', source: MP3, expectedMs: 1000, stderr: '', ...values }
  return checkResult(tools, file, new AbortController().signal)
}

test('a result is told with its size, its length and what is in it', async () => {
  await probeSays(wav(1))
  const checked = await check()
  expect(checked).toMatchObject({ sizeBytes: 5, durationMs: 1000, warnings: [] })
  expect(checked.found).toMatchObject({ codec: 'pcm_s16le', channels: 2 })
})

test.each([
  ['the source', 'pcm_s16le', PADDING_MS],
  ['source and result', 'mp3', 2 * PADDING_MS],
])('a length may differ by the padding of %s as well as by 50 ms', async (_, codec, paddingMs) => {
  const longestMs = 1000 + 50 + paddingMs
  await probeSays(holding(codec, longestMs / 1000))
  expect((await check()).warnings).toEqual([])
  await probeSays(holding(codec, (longestMs + 1) / 1000))
  expect((await check()).warnings).toHaveLength(1)
})

test('a length may differ by what could not be counted of a FLAC source', async () => {
  await probeSays(wav(1 + 0.05 + (2 * 4608) / 48_000))
  expect((await check({ source: { codec: 'flac', sampleRateHz: 48_000 } })).warnings).toEqual([])
})

test('what FFmpeg complained of is a warning', async () => {
  await probeSays(wav(1))
  expect((await check({ stderr: 'broken' })).warnings).toHaveLength(1)
})

const nothingMade = {
  code: 'conversion-failed',
  message: 'No audio could be made of this file (FFmpeg: no packets).',
  log: '[mp3 @ 0x1] no packets\n',
}
const stderr = nothingMade.log

test('a file that is missing or empty is no result, whatever the exit code of FFmpeg was', async () => {
  await expect(check({ stderr, file: 'missing.wav' })).rejects.toMatchObject(nothingMade)
  await expect(check({ stderr }, '')).rejects.toMatchObject(nothingMade)
})

test('a file without audio or without length is no result', async () => {
  await probeSays({ format: { format_name: 'wav' }, streams: [] })
  await expect(check({ stderr })).rejects.toMatchObject(nothingMade)
  await probeSays(wav(0))
  await expect(check({ stderr })).rejects.toMatchObject(nothingMade)
})

test('an ffprobe that cannot be run says nothing of the file', async () => {
  await expect(check({ stderr })).rejects.toMatchObject({ code: 'ENOENT' })
})
