import type { JobOptions, Media, OptionDescription } from '../contract/index.ts'

/** What the encoder is given: a source's audio after everything that had to be changed. */
export type Target = Pick<Media, 'codec' | 'sampleRateHz' | 'channels' | 'layout' | 'bitDepth' | 'float'>

/** Audio that may be taken as it is: its codec, and the containers that tell all that belongs to it. */
export type Copied = {
  codec: RegExp
  from: readonly string[] | 'anywhere'
  /**
   * Muxer of a bare stream that the audio is copied into first, where these containers round times: read from there,
   * every packet lasts as long as its samples do.
   */
  through?: string
}

/** One target: how people know it, what it takes, and how FFmpeg makes it. */
export type Format = {
  id: string
  label: string
  /** Without the dot. */
  extension: string
  mimeType: string
  lossless: boolean
  codec: string
  options: Record<string, OptionDescription>
  /** FFmpeg's names of encoders that make it, the best first; without any of them it cannot be made. */
  encoders: readonly string[]
  muxer: string
  muxerFlags: readonly string[]
  /** Sample rates the codec takes, in hertz; absent: any up to `highestRateHz`. */
  sampleRatesHz?: readonly number[]
  highestRateHz: number
  maxChannels: number
  /** FFmpeg's names of the channel layouts its encoder takes, usual ones first of each count; absent: any. */
  layouts?: readonly string[]
  /** Bits a sample can have, rising; absent for lossy formats. */
  depths?: readonly number[]
  /** FFmpeg's name of the codec in the file. */
  codecName(target: Pick<Target, 'bitDepth' | 'float'>): string
  /** Generic names of the tags that its container takes; `all` where any name goes. */
  tags: 'all' | readonly string[]
  /** How a cover is kept: as a picture stream, as a tag of its own, or not at all. */
  cover: 'stream' | 'tag' | 'none'
  /** How chapters are kept: by the muxer, as tags, or not at all. */
  chapters: 'muxer' | 'tags' | 'none'
  copied: readonly Copied[]
  /** Flags of the encoder. */
  encode(options: JobOptions, target: Target): string[]
}
