import type { Media } from '../contract/index.ts'

/** Samples in the longest packet of lossy codecs: ISO 11172-3, ISO 14496-3 with SBR, RFC 6716, Vorbis I, ATSC A/52. */
const FRAME_SAMPLES: Record<string, number> = {
  ...{ mp3: 1152, mp2: 1152, aac: 2048, opus: 2880, vorbis: 8192, ac3: 1536, eac3: 1536 },
}
/** Encoders put silence before the sound and fill up the last packet; not every container says by how much. */
const PADDED_FRAMES = 2

/** By how many milliseconds the told length of such audio may be more or less than what is heard. */
export const paddingMs = ({ codec, sampleRateHz }: Pick<Media, 'codec' | 'sampleRateHz'>): number =>
  (PADDED_FRAMES * (FRAME_SAMPLES[codec] ?? 0) * 1000) / sampleRateHz

/** What FFmpeg and libFLAC put into a packet of FLAC at 44.1 and 48 kHz, at most. */
const FLAC_SAMPLES = 4608

/** Milliseconds of a source that may be missing where its packets were counted: the last one of the file or of a link. */
export const uncountedMs = ({ codec, sampleRateHz }: Pick<Media, 'codec' | 'sampleRateHz'>): number =>
  codec === 'flac' ? (2 * FLAC_SAMPLES * 1000) / sampleRateHz : 0

/** Codecs whose decoders in FFmpeg leave out all of a wrong block, which sounds worse than what is wrong in it. */
const WHOLE_BLOCKS = new Set(['wavpack'])

/** Whether checksums of such audio may be compared while it is converted: where they differ, nothing is left out for it. */
export const survivesChecksums = ({ codec }: Pick<Media, 'codec'>): boolean => !WHOLE_BLOCKS.has(codec)
