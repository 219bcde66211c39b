import type { Target } from './format.ts'

/**
 * How many samples the lossless encoders put into a block. It is always said: left to themselves, the encoders of
 * FFmpeg 9 take the size of the first frame they get, which of an MP3 is what its delay leaves of it, 47 samples. FLAC
 * of such blocks is a third larger, and WavPack refuses them. The rules are those of the encoders before.
 */
const frameSize = (samples: number) => ['-frame_size', `${samples}`]

/** Sizes that have a code of their own in the header of a frame (RFC 9639, 9.1.1). */
const FLAC_BLOCKS = [192, 256, 512, 576, 1024, 1152, 2048, 2304, 4096, 4608, 8192, 16384, 32768]

export function flacBlock(compressionLevel: number, { sampleRateHz }: Target): string[] {
  const longestMs = compressionLevel < 3 ? 27 : 105
  const longest = (sampleRateHz * longestMs) / 1000
  return frameSize(FLAC_BLOCKS.findLast((size) => size <= longest) ?? 192)
}

/** Of all channels together: less costs size, and more is refused. */
const WAVPACK_SAMPLES = { fewest: 40_000, most: 150_000 }

/** Half a second, as far as it is a whole number of samples, and within those bounds. */
export function wavpackBlock({ sampleRateHz, channels }: Target): string[] {
  let samples = sampleRateHz % 2 === 0 ? sampleRateHz / 2 : sampleRateHz
  while (samples * channels > WAVPACK_SAMPLES.most) samples = Math.floor(samples / 2)
  while (samples * channels < WAVPACK_SAMPLES.fewest) samples *= 2
  return frameSize(samples)
}
