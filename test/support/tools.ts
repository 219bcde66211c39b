import { execFile } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Runs a command in a folder, with no care at all; gives how it ended and what it printed. */
export async function carelessly(
  folder: string,
  [file = '', ...args]: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string }> {
  const running = run(file, args, { cwd: folder, env: { ...process.env, ...env }, maxBuffer: 1 << 28 })
  running.child.stdin?.end()
  try {
    return { code: 0, stdout: (await running).stdout }
  } catch (error) {
    return error as { code: number; stdout: string }
  }
}

/** Writes a shell script that can stand for FFmpeg or ffprobe; gives its path. */
export async function writeScript(file: string, ...lines: string[]): Promise<string> {
  await writeFile(file, ['#!/bin/sh', ...lines, ''].join('\n'))
  await chmod(file, 0o755)
  return file
}
