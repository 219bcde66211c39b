import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { thumbnailArguments, type FfmpegRun, type Tools } from '../ffmpeg/index.ts'
import { refuseUnconvertible, runToEnd } from './media-runs.ts'

const FILE = 'thumbnail.jpg'

/** Where a picture is: a stream of a sound's file, or a file of its own. */
export type PictureAtHand = Pick<FfmpegRun, 'folder' | 'sources' | 'picture' | 'signal'> & { stream: number }

/** A picture encoded anew: empty where there was nothing to see, and what FFmpeg complained of. */
export type Thumbnail = { jpeg: Buffer; complaints: string }

/** A picture as a small JPEG. Throws ConversionRefused where FFmpeg gives it up, DiskFull. */
export async function thumbnailOf(tools: Tools, { stream, ...where }: PictureAtHand): Promise<Thumbnail> {
  const run = { ...where, ofPicture: true, output: thumbnailArguments(stream, FILE) }
  const complaints = await runToEnd(tools, run).catch(refuseUnconvertible)
  return { jpeg: await readFile(path.join(where.folder, FILE)), complaints }
}
