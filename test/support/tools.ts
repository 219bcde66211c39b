import { execFile } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { findTools, type Tools } from '../../src/ffmpeg/index.ts'
import { FFMPEG, FFPROBE } from './ffmpeg-paths.ts'

const run = promisify(execFile)

type ToolPaths = Parameters<typeof findTools>[0]
const found = new Map<string, Promise<Tools>>()

/** What the program would find at its start, looked for once in a process: it takes six child processes. */
export function toolsAt(paths: ToolPaths = { ffmpeg: FFMPEG, ffprobe: FFPROBE }): Promise<Tools> {
  const key = JSON.stringify([paths.ffmpeg, paths.ffprobe])
  const known = found.get(key) ?? findTools(paths)
  found.set(key, known)
  return known
}

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

/**
 * Real FFmpeg that reads no faster than `pace` times real time. With it a conversion takes as long as its test needs on any
 * machine, and leaves the processors to the other tests.
 */
export const pacedFfmpeg = (folder: string, pace: number) =>
  writeScript(
    path.join(folder, `ffmpeg-paced-${pace}`),
    'for arg do',
    '  shift',
    `  if [ "$arg" = -i ]; then set -- "$@" -readrate ${pace}; fi`,
    '  set -- "$@" "$arg"',
    'done',
    `exec '${FFMPEG}' "$@"`,
  )

/**
 * A tool that allows more by itself than this machine's, as another version may: it would call URLs, and beside the
 * source it finds a file that is not the user's.
 */
export const looseTool = (file: string, tool: string, secret: string) =>
  writeScript(
    file,
    `if [ -e source ]; then cp '${secret}' secret.mp3; fi`,
    `exec '${tool}' -protocol_whitelist file,pipe,crypto,data,http,tcp "$@"`,
  )

/** An ffprobe that looks at another file than at the source, and so takes everything for good music. */
export const fooledProbe = (file: string, good: string) =>
  writeScript(
    file,
    'for arg do',
    '  shift',
    `  if [ "$arg" = file:source ]; then arg='file:${good}'; fi`,
    '  set -- "$@" "$arg"',
    'done',
    `exec '${FFPROBE}' "$@"`,
  )

/** A tool that writes down, again and again, how much memory it has had at most. */
export const measuredTool = (file: string, tool: string, log: string) =>
  writeScript(
    file,
    `'${tool}' "$@" &`,
    `while grep VmHWM "/proc/$!/status" >> '${log}' 2> /dev/null; do :; done`,
    'wait $!',
  )

/** Megabytes that a measured tool has had at most, of what its log says. */
export const peakMegabytes = (log: string): number =>
  Math.max(...[...log.matchAll(/VmHWM:\s+(\d+) kB/g)].map(([, kilobytes]) => Number(kilobytes) / 1024))
