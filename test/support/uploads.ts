import type { Media } from '../../src/contract/index.ts'
import { newId } from '../../src/kernel/ids.ts'
import type { Session } from '../../src/uploads/upload.ts'

/** What ffprobe would find in a plain stereo WAV of a minute. */
export const newMedia = (values: Partial<Media> = {}): Media => ({
  container: 'wav',
  codec: 'pcm_s16le',
  durationMs: 60_000,
  sampleRateHz: 44_100,
  channels: 2,
  bitDepth: 16,
  tags: {},
  artwork: false,
  chapters: 0,
  ...values,
})

/** An upload of three parts of ten bytes, the last one shorter; open, with its multipart upload begun. */
export const newSession = (now: number, values: Partial<Session> = {}): Session => ({
  uploadId: newId(),
  state: 'open',
  name: 'song.wav',
  size: 25,
  partSize: 10,
  partCount: 3,
  transport: 'proxy',
  multipartId: 'multipart',
  summed: false,
  requestHash: 'h',
  createdAt: now,
  updatedAt: now,
  expiresAt: now + 25 * 60 * 60 * 1000,
  ...values,
})
