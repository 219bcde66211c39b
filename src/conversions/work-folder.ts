import { mkdtemp, readdir, rm, statfs } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { errorCode } from '../kernel/error-code.ts'
import { makeFolder } from '../kernel/make-folder.ts'
import { MiB } from '../kernel/units.ts'
import { DiskFull } from './job-errors.ts'

/** Left free, so that a conversion never fills the disk that the embedded stores are on. */
const RESERVE_BYTES = 256 * MiB

/** A private folder; disposing removes it with everything in it. */
export type WorkFolder = AsyncDisposable & {
  /** Absolute path. */
  path: string
  /** Bytes that may be written into it. */
  freeBytes: number
}

/** Makes private temporary folders, below one that belongs to this process. */
export class WorkFolders {
  readonly #root: string
  readonly #own: string

  /** `root` is the folder that all processes of the machine share, `workerId` tells this one. */
  constructor(root: string, workerId: string) {
    this.#root = root
    this.#own = path.join(root, `${os.hostname()}.${process.pid}.${workerId}`)
  }

  /** Removes what dead processes of this host left behind. */
  async removeStale(): Promise<void> {
    await makeFolder(this.#root)
    const stale = (await readdir(this.#root)).filter(isStale)
    await Promise.all(stale.map((name) => rm(path.join(this.#root, name), { recursive: true, force: true })))
  }

  /** A new folder with room for `neededBytes`. Throws {@link DiskFull} when the disk has not that much. */
  async make(neededBytes: number): Promise<WorkFolder> {
    await makeFolder(this.#own, 0o700)
    const { bavail, bsize } = await statfs(this.#own)
    const freeBytes = bavail * bsize - RESERVE_BYTES
    if (freeBytes < neededBytes)
      throw new DiskFull({ cause: new Error(`${freeBytes} bytes are free, ${neededBytes} are needed`) })
    const folder = await mkdtemp(`${this.#own}${path.sep}`)
    return {
      path: folder,
      freeBytes,
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    }
  }

  /** Removes this process's folder. */
  async close(): Promise<void> {
    await rm(this.#own, { recursive: true, force: true })
  }
}

/** Process ids are used again: one that is ours now belonged to somebody dead, since nothing of ours is there yet. */
function isStale(name: string): boolean {
  const host = `${os.hostname()}.`
  if (!name.startsWith(host)) return false
  const pid = Number(name.slice(host.length).split('.')[0])
  return pid === process.pid || !isAlive(pid)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}
