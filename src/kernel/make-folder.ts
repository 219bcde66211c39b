import { mkdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { errorCode } from './error-code.ts'

/**
 * Makes a folder and those above it that are missing. Throws where that cannot be; `mkdir` with `recursive` of Node 24 tries
 * for ever below `/proc`, where folders are missing and cannot be made.
 */
export async function makeFolder(folder: string, mode?: number): Promise<void> {
  try {
    await makeOne(folder, mode)
  } catch (error) {
    const parent = path.dirname(folder)
    if (errorCode(error) !== 'ENOENT' || parent === folder) throw error
    await makeFolder(parent, mode)
    await makeOne(folder, mode)
  }
}

async function makeOne(folder: string, mode: number | undefined): Promise<void> {
  try {
    await mkdir(folder, { mode })
  } catch (error) {
    if (errorCode(error) !== 'EEXIST' || !(await stat(folder)).isDirectory()) throw error
  }
}
