import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Picture } from '../ffmpeg/index.ts'
import { coverKey, type CoverType } from '../uploads/index.ts'
import { ConversionRefused } from './job-errors.ts'
import type { LeasedJob } from './job.ts'
import type { ResultStore } from './result-store.ts'

const PICTURE_FILES: Record<CoverType, Picture> = {
  'image/jpeg': { file: 'own-cover.jpg', codec: 'mjpeg' },
  'image/png': { file: 'own-cover.png', codec: 'png' },
}

/** What a cover is called in a work folder, and what FFmpeg takes it for. */
export const pictureFileOf = (mimeType: CoverType): Picture => PICTURE_FILES[mimeType]

/** Copies the cover that was sent, if the job is to have it, into its work folder. Throws ConversionRefused, StoreUnavailable. */
export async function fetchOwnCover(
  results: Pick<ResultStore, 'readBytes'>,
  { options, cover, source: { uploadId } }: LeasedJob,
  folder: string,
): Promise<Picture | undefined> {
  if (options.artwork !== 'uploaded' || !cover) return undefined
  const bytes = await results.readBytes(coverKey(uploadId, cover))
  if (!bytes) throw new ConversionRefused('source-gone', 'The cover is gone. Please send it again.')
  const picture = pictureFileOf(cover.mimeType)
  await writeFile(path.join(folder, picture.file), bytes)
  return picture
}
