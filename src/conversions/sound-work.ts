import { ToolFailed } from '../ffmpeg/index.ts'
import { NothingDecoded } from './failures.ts'
import { fetchSource } from './fetch-source.ts'
import type { Sound } from './sounds.ts'
import type { WorkFolder, WorkFolders } from './work-folder.ts'

/** A sound in a private folder: its name there, and what breaks the work off. */
export type SoundAtHand = { folder: WorkFolder; file: string; signal: AbortSignal }

const FILE = 'sound'

/**
 * Has something done with a sound, fetched for that into a folder that is gone afterwards. Throws DiskFull,
 * StoreUnavailable, what reading the sound throws, {@link NothingDecoded} where FFmpeg gives it up, and the signal's reason.
 */
export async function withSound<Result>(
  folders: WorkFolders,
  { id: uploadId, size: sizeBytes, read }: Sound,
  signal: AbortSignal,
  work: (sound: SoundAtHand) => Promise<Result>,
): Promise<Result> {
  await using folder = await folders.make(sizeBytes)
  await fetchSource(read, { uploadId, sizeBytes, folder, file: FILE, signal })
  return await work({ folder, file: FILE, signal }).catch((error: unknown) => {
    const isOfTheSound = error instanceof ToolFailed && error.exitCode !== null
    throw isOfTheSound ? new NothingDecoded({ cause: error }) : error
  })
}
