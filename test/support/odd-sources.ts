import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { FFMPEG } from './ffmpeg-paths.ts'

const run = promisify(execFile)
const MOST_BYTES = 1 << 28

/** Makes one file of a folder by FFmpeg; names without a folder are inside. */
export const ffmpegIn = (folder: string) => async (args: readonly string[]) => {
  await run(FFMPEG, ['-v', 'error', '-y', ...args], { cwd: folder })
}

/** Input arguments for a sine. */
export const sine = (seconds: number, { hertz = 440, rateHz = 44_100 } = {}) => [
  ...['-f', 'lavfi', '-i', `sine=frequency=${hertz}:sample_rate=${rateHz}:duration=${seconds}`],
]

/** Input arguments for moving pictures. */
export const pictures = (seconds: number) => ['-f', 'lavfi', '-i', `testsrc=d=${seconds}:s=64x64:r=5`]

/** What FFmpeg writes where it cannot go back to fill in a length: as live recordings are. */
export async function streamed(args: readonly string[]): Promise<Buffer<ArrayBuffer>> {
  const options = { encoding: 'buffer', maxBuffer: MOST_BYTES } as const
  const { stdout } = await run(FFMPEG, ['-v', 'error', ...args, 'pipe:1'], options)
  return Buffer.from(stdout)
}

/** Files after one another: in Ogg that is a chain of links (RFC 3533, 4). */
export async function chain(folder: string, links: readonly string[], name: string): Promise<void> {
  const bytes = await Promise.all(links.map((link) => readFile(path.join(folder, link))))
  await writeFile(path.join(folder, name), Buffer.concat(bytes))
}

/** A WAV file that says another size, as those who cannot go back write it. */
export async function sizedWav(folder: string, from: string, size: number, name: string): Promise<void> {
  const bytes = await readFile(path.join(folder, from))
  bytes.writeUInt32LE(size, 4)
  bytes.writeUInt32LE(size, bytes.indexOf('data') + 4)
  await writeFile(path.join(folder, name), bytes)
}
