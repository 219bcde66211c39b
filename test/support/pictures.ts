import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { FFMPEG, FFPROBE } from './ffmpeg-paths.ts'

const run = promisify(execFile)
const ffmpeg = (...args: string[]) => run(FFMPEG, ['-v', 'error', '-y', ...args])

/** What a picture is made of: one colour, as `WIDTHxHEIGHT`; its kind by the file's extension. */
export type Painted = { size: string; colour?: string; flags?: readonly string[] }

export async function paint(file: string, { size, colour = 'red', flags = [] }: Painted) {
  await ffmpeg('-f', 'lavfi', '-i', `color=${colour}:size=${size}`, '-frames:v', '1', ...flags, file)
  return readFile(file)
}

/** Puts a picture into a file of sound as its cover. */
export async function attach(
  sound: string,
  picture: string,
  file: string,
  flags: string[] = [],
): Promise<void> {
  const cover = ['-map', '0:a', '-map', '1:v', '-c:v', 'copy', '-disposition:v', 'attached_pic']
  await ffmpeg('-i', sound, '-i', picture, ...cover, ...flags, file)
}

/** What a decoder sees: kind, size in pixels, and its colour on the whole as `[red, green, blue]`. */
export async function look(file: string, bytes: Buffer) {
  await writeFile(file, bytes)
  const shown = ['-show_entries', 'stream=codec_name,width,height', '-of', 'json']
  const { stdout } = await run(FFPROBE, ['-v', 'error', ...shown, file])
  const [stream] = (
    JSON.parse(stdout) as { streams: { codec_name: string; width: number; height: number }[] }
  ).streams
  const pixel = ['-vf', 'scale=1:1', '-pix_fmt', 'rgb24', '-f', 'rawvideo']
  await ffmpeg('-i', file, '-frames:v', '1', ...pixel, `${file}.raw`)
  return { ...stream, colour: [...(await readFile(`${file}.raw`))] }
}

/** Whether it is a strong red, as far as a lossy picture keeps it. */
export const isRed = ([red = 0, green = 255, blue = 255]: number[]) => red > 200 && green < 40 && blue < 40
