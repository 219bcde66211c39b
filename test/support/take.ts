import { makeSounds } from './sound.ts'

/** A sound to convert: one function of seconds for each channel, of which there are one or two. */
export type Take = {
  seconds: number
  voices: ((seconds: number) => number)[]
  rateHz?: number
  /** What FFmpeg makes the file with. */
  flags?: readonly string[]
}

/** A sine of this amplitude. */
export const tone =
  (hertz: number, amplitude: number) =>
  (seconds: number): number =>
    amplitude * Math.sin(2 * Math.PI * hertz * seconds)

/** Makes a file of sound, its container by the name. */
export async function makeTake(
  file: string,
  { seconds, voices, rateHz = 44_100, flags = [] }: Take,
): Promise<void> {
  const layout = voices.length === 1 ? 'mono' : 'stereo'
  const sample = (frame: number, channel: number) => voices[channel]?.(frame / rateHz) ?? 0
  await makeSounds([{ file, rateHz, layout, frames: Math.round(seconds * rateHz), flags, sample }])
}
