import { readdir, readFile, readlink } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Program } from '../test/support/program.ts'
import { residentBytes } from './meters.ts'

/** What a program holds at one moment (Linux: proc(5)). */
export type Vitals = {
  minutes: number
  heapBytes: number
  residentBytes: number
  /** Open handles that are no sockets. */
  files: number
  sockets: number
  children: number
  tempFiles: number
}

/** Throws when the program has not said within a minute what is left of its heap. */
export async function vitalsOf(program: Program, folder: string, minutes: number): Promise<Vitals> {
  const heapBytes = await heapOf(program)
  const { pid } = program
  const handles = await handlesOf(pid)
  const sockets = handles.filter((target) => target.startsWith('socket:')).length
  return {
    ...{ minutes, heapBytes, sockets, files: handles.length - sockets },
    residentBytes: await residentBytes(pid),
    children: await childrenOf(pid),
    tempFiles: await filesIn(path.join(folder, 'tmp')),
  }
}

/** By the module that is loaded into it: tidy-preload.ts. */
async function heapOf(program: Program): Promise<number> {
  const told = () => [...program.output().matchAll(/^heap after collection: (\d+)$/gm)]
  const before = told().length
  process.kill(program.pid, 'SIGUSR2')
  for (let tries = 0; tries < 600; tries++) {
    const [, bytes] = told()[before] ?? []
    if (bytes !== undefined) return Number(bytes)
    await delay(100)
  }
  throw new Error('The program does not say what is left of its heap.')
}

async function handlesOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`
  const targets = (await readdir(folder)).map((name) => readlink(path.join(folder, name)).catch(() => ''))
  return (await Promise.all(targets)).filter((target) => target !== '') // closed since
}

async function childrenOf(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`)
  const lists = threads.map((id) => readFile(`/proc/${pid}/task/${id}/children`, 'utf8').catch(() => ''))
  return (await Promise.all(lists)).join(' ').split(/\s+/).filter(Boolean).length
}

async function filesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).length
}

/** Of the straight line that lies nearest to the points (least squares). */
export function slopeOf(points: readonly { x: number; y: number }[]): number {
  const mean = (of: 'x' | 'y') => points.reduce((sum, point) => sum + point[of], 0) / points.length
  const [x, y] = [mean('x'), mean('y')]
  const above = points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0)
  return above / points.reduce((sum, point) => sum + (point.x - x) ** 2, 0)
}
