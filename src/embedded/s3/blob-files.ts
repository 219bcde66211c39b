import { randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Log } from '../../kernel/log.ts'
import { KiB, MiB } from '../../kernel/units.ts'

/** A run of bytes inside one blob; both ends count, as in HTTP. */
export type Slice = { readonly blob: string; readonly start: number; readonly end: number }

/** Content that nobody can take away until it is released. */
export type Reading = { readonly content: AsyncIterable<Buffer>; release(): void }

/**
 * Files that are written once, never changed, and named by chance: `blobs/3f/3f9c…`. Which of them belong to what is
 * the business of the metadata; a file it does not know is waste of a crash.
 */
export type Blobs = {
  /** Returns the name of a new blob that will survive a power cut; leaves nothing behind when `content` throws. */
  write(content: AsyncIterable<Buffer>): Promise<string>
  /** Holds the blobs at once, in this very tick; reads them when asked. */
  read(slices: readonly Slice[]): Reading
  /** Removes blobs that no metadata names any more; those being read go when the last reader has left. */
  discard(names: readonly string[]): Promise<void>
  /** Removes every blob that `isKnown` does not recognise, and returns how many. For the start, before any request. */
  sweep(isKnown: (name: string) => boolean): Promise<number>
}

const WRITE_BUFFER_BYTES = 1 * MiB
const READ_BUFFER_BYTES = 512 * KiB
/** One folder for each first byte of a name, so that none grows beyond what file systems like. */
const FOLDERS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export async function openBlobs(directory: string, log: Log): Promise<Blobs> {
  const root = join(directory, 'blobs')
  for (const folder of FOLDERS) await mkdir(join(root, folder), { recursive: true })
  for (const made of [root, directory]) await syncDirectory(made)
  const holds = createHolds()

  const folderOf = (name: string): string => join(root, name.slice(0, 2))
  const pathOf = (name: string): string => join(folderOf(name), name)

  async function remove(name: string): Promise<void> {
    try {
      await rm(pathOf(name), { force: true })
    } catch (error) {
      log.warn({ blob: name, err: error }, 'blob not removed; the next start sweeps it')
    }
  }

  async function* readSlices(slices: readonly Slice[]): AsyncGenerator<Buffer> {
    for (const { blob, start, end } of slices) {
      const pieces: AsyncIterable<unknown> = createReadStream(pathOf(blob), {
        start,
        end,
        highWaterMark: READ_BUFFER_BYTES,
      })
      for await (const piece of pieces) if (Buffer.isBuffer(piece)) yield piece
    }
  }

  return {
    async write(content) {
      const name = randomBytes(16).toString('hex')
      try {
        // `flush` is fsync before close: the bytes are on the disk before the metadata may speak of them.
        const file = createWriteStream(pathOf(name), {
          flags: 'wx',
          flush: true,
          highWaterMark: WRITE_BUFFER_BYTES,
        })
        await pipeline(content, file)
        await syncDirectory(folderOf(name))
        return name
      } catch (error) {
        await remove(name)
        throw error
      }
    },
    read(slices) {
      const names = slices.map(({ blob }) => blob)
      holds.take(names)
      return {
        content: readSlices(slices),
        release: () => void Promise.all(holds.giveBack(names).map(remove)),
      }
    },
    async discard(names) {
      await Promise.all(holds.doom(names).map(remove))
    },
    async sweep(isKnown) {
      const files = await Promise.all(FOLDERS.map((folder) => readdir(join(root, folder))))
      const orphans = files.flat().filter((name) => !isKnown(name))
      await Promise.all(orphans.map(remove))
      return orphans.length
    },
  }
}

/** Who reads what, and what is to go when nobody does any more. */
function createHolds() {
  const readers = new Map<string, number>()
  const doomed = new Set<string>()
  return {
    take(names: readonly string[]): void {
      for (const name of names) readers.set(name, (readers.get(name) ?? 0) + 1)
    },
    /** Returns the names that may go now. */
    giveBack(names: readonly string[]): string[] {
      for (const name of names) {
        const left = (readers.get(name) ?? 1) - 1
        if (left === 0) readers.delete(name)
        else readers.set(name, left)
      }
      return names.filter((name) => !readers.has(name) && doomed.delete(name))
    },
    /** Returns the names that may go now; the others go when they are given back. */
    doom(names: readonly string[]): string[] {
      for (const name of names) if (readers.has(name)) doomed.add(name)
      return names.filter((name) => !readers.has(name))
    },
  }
}

/** Makes the names in a folder survive a power cut. Windows has no such call and needs none. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
