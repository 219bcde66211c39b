import type { Media } from '../contract/index.ts'
import { isOfTheFile, runTool, ToolFailed } from './child.ts'
import { HARDENED_INPUT, wrap } from './command.ts'
import type { Tools } from './tools.ts'

/** A file inside a folder, to be read to its end. */
export type Counting = { tools: Tools; folder: string; file: string; signal: AbortSignal | undefined }

/** Milliseconds of all packets there are, read without decoding them; null when even they do not tell. */
export async function packetsMs(counting: Counting): Promise<number | null> {
  const microseconds = await lastValue(counting, 'out_time_us', ['-c', 'copy', '-f', 'null', '-'])
  return microseconds > 0 ? Math.round(microseconds / 1000) : null
}

/** One byte for each sample of one channel. */
const BYTES = ['-ac', '1', '-c:a', 'pcm_u8', '-f', 'u8', '-y', 'file:/dev/null']

/** Milliseconds of all samples that are heard, whatever times their packets bear; null when there are none. */
export async function samplesMs(
  counting: Counting,
  { sampleRateHz }: Pick<Media, 'sampleRateHz'>,
): Promise<number | null> {
  const samples = await lastValue(counting, 'total_size', ['-ar', `${sampleRateHz}`, ...BYTES])
  return samples > 0 ? Math.round((samples * 1000) / sampleRateHz) : null
}

/** The last value of a key of FFmpeg's progress; 0 when it could not read the file. */
async function lastValue(
  { tools, folder, file, signal }: Counting,
  key: 'out_time_us' | 'total_size',
  output: readonly string[],
): Promise<number> {
  const args = ['-nostdin', '-v', 'quiet', '-nostats', '-progress', 'pipe:1', ...HARDENED_INPUT]
  const ends = ['-i', `file:${file}`, '-map', '0:a:0', ...output]
  const { stdout } = await runTool(
    wrap([tools.ffmpeg, ...args, ...ends], tools.wrappers),
    folder,
    signal,
  ).catch((error: unknown) => {
    if (error instanceof ToolFailed && isOfTheFile(error)) return { stdout: '' }
    throw error
  })
  return Number([...stdout.matchAll(new RegExp(`^${key}=(\\d+)$`, 'gm'))].at(-1)?.[1] ?? 0)
}
