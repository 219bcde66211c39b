import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  isPicture,
  metadataFor,
  pictureBlock,
  ToolFailed,
  type Conversion,
  type Probed,
  type Tools,
} from '../ffmpeg/index.ts'
import type { ConvertStep, Running } from './convert-step.ts'
import { runToEnd } from './media-runs.ts'

const METADATA_FILE = 'metadata.txt'
const COVER_FILE = 'cover'

type Cover = { input: number } & NonNullable<Probed['cover']>

/** Writes tags and chapters of the result to a file for FFmpeg; gives the picture stream to take along, if any. */
export async function writeMetadata(
  tools: Tools,
  running: Running,
  { folder, sources, format }: ConvertStep,
): Promise<{ file: string; cover: Conversion['cover']; warnings: string[] }> {
  const { options } = running.job
  const cover = options.artwork === 'strip' ? undefined : findCover(sources.probed)
  const block =
    cover && format.cover === 'tag' ? await coverAsTag(tools, running, { folder, sources }, cover) : undefined
  const text = metadataFor(format, options, sources.whole, block)
  await writeFile(path.join(folder, METADATA_FILE), text)
  const lost = cover !== undefined && format.cover === 'tag' && block === undefined
  return {
    file: METADATA_FILE,
    cover: format.cover === 'stream' ? cover : undefined,
    warnings: lost ? ['The cover could not be kept in this format.'] : [],
  }
}

function findCover(probed: readonly Probed[]): Cover | undefined {
  const input = probed.findIndex(({ cover }) => cover !== undefined)
  const found = probed[input]?.cover
  return found && { input, ...found }
}

/** The picture itself, as the tag that Ogg files carry; undefined where it is none that such a tag takes. */
async function coverAsTag(
  tools: Tools,
  { signal }: Running,
  { folder, sources }: Pick<ConvertStep, 'folder' | 'sources'>,
  { input, stream, codec }: Cover,
): Promise<string | undefined> {
  const source = sources.files[input]
  if (source === undefined || !isPicture(codec)) return undefined
  const output = ['-map', `0:${stream}`, '-c', 'copy', '-f', 'data', '-y', `file:${COVER_FILE}`]
  try {
    await runToEnd(tools, { folder, sources: [source], output, signal })
    return pictureBlock(await readFile(path.join(folder, COVER_FILE)), codec)
  } catch (error) {
    if (error instanceof ToolFailed) return undefined
    throw error
  }
}
