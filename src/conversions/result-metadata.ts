import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  isPicture,
  metadataFor,
  pictureBlock,
  ToolFailed,
  type Conversion,
  type Picture,
  type Probed,
  type Tools,
} from '../ffmpeg/index.ts'
import type { ConvertStep, Running } from './convert-step.ts'
import { runToEnd } from './media-runs.ts'

const METADATA_FILE = 'metadata.txt'
const COVER_FILE = 'cover'

type Cover = { input: number } & NonNullable<Probed['cover']>

/** What FFmpeg is told of a result beside its sound: a file, the picture stream to take along, and its file if it has one. */
type Told = {
  file: string
  cover: Conversion['cover']
  picture?: Picture | undefined
  warnings: string[]
}

/** Writes tags and chapters of the result to a file for FFmpeg; gives the picture to take along, if any. */
export async function writeMetadata(
  tools: Tools,
  running: Running,
  { folder, sources, ownCover, format }: ConvertStep,
): Promise<Told> {
  const { options } = running.job
  const { artwork = 'keep' } = options
  const cover = artwork === 'keep' ? findCover(sources.probed) : undefined
  const asTag = () =>
    ownCover ? ownAsTag(folder, ownCover) : cover && coverAsTag(tools, running, { folder, sources }, cover)
  const block = format.cover === 'tag' ? await asTag() : undefined
  const text = metadataFor(format, options, sources.whole, block)
  await writeFile(path.join(folder, METADATA_FILE), text)
  const lost = cover !== undefined && format.cover === 'tag' && block === undefined
  const afterMetadata = { input: sources.files.length + 1, stream: 0 }
  return {
    file: METADATA_FILE,
    cover: format.cover === 'stream' ? (ownCover ? afterMetadata : cover) : undefined,
    picture: ownCover,
    warnings: lost ? ['The cover could not be kept in this format.'] : [],
  }
}

function findCover(probed: readonly Probed[]): Cover | undefined {
  const input = probed.findIndex(({ cover }) => cover !== undefined)
  const found = probed[input]?.cover
  return found && { input, ...found }
}

const ownAsTag = async (folder: string, { file, codec }: Picture): Promise<string> =>
  pictureBlock(await readFile(path.join(folder, file)), codec)

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
