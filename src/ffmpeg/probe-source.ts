import { createReadStream, createWriteStream } from 'node:fs'
import { truncate } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { chainedSource } from './join.ts'
import { partsOfOneKind, type Span } from './ogg-links.ts'
import { probe, type Probed } from './probe.ts'
import type { Tools } from './tools.ts'

/** A source that lies here: mostly one file, and of some chains several, which are heard one after the other. */
export type ProbedSource = {
  /** Names inside the folder, in order. */
  files: string[]
  /** What each of them holds. */
  probed: Probed[]
  /** What they are as one. */
  whole: Probed
}

/** Every one is an input of FFmpeg, which may open only so many files. Real recordings of radio have a few. */
const MOST_PARTS = 50

/**
 * Reads what a source holds, as {@link probe}. A chain of Ogg links that FFmpeg cannot read in one go is cut into files
 * that it can, in place: the folder holds no more bytes than before. Throws as probe, and what writing throws.
 */
export async function probeSource(
  tools: Tools,
  folder: string,
  file: string,
  signal?: AbortSignal,
): Promise<ProbedSource> {
  const files = await cut(folder, file, signal)
  const probed: Probed[] = []
  for (const name of files) probed.push(await probe(tools, folder, name, signal))
  const links = probed.map((one, index) => (index === 0 ? one : { ...one, goesOn: true as const }))
  return { files, probed: links, whole: chainedSource(links) }
}

async function cut(folder: string, file: string, signal?: AbortSignal): Promise<string[]> {
  const [first, ...others] = await partsOfOneKind(path.join(folder, file))
  if (!first || others.length === 0 || others.length >= MOST_PARTS) return [file]
  const names = others.map((_, index) => `${file}.${index + 2}`)
  for (const [index, span] of [...others.entries()].reverse())
    await moveOut(path.join(folder, file), span, path.join(folder, names[index] ?? ''), signal)
  return [file, ...names]
}

/** Moves the end of a file into one of its own. */
async function moveOut(from: string, span: Span, to: string, signal?: AbortSignal): Promise<void> {
  const bytes = createReadStream(from, { start: span.from, end: span.to - 1 })
  await pipeline(bytes, createWriteStream(to), { ...(signal && { signal }) })
  await truncate(from, span.from)
}
