import { copyFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Change, JobOptions } from '../../src/contract/index.ts'
import { convert, type Converted } from '../../src/conversions/convert.ts'
import { createProgress } from '../../src/conversions/job-progress.ts'
import {
  changesBetween,
  findTools,
  foretell,
  FORMATS,
  mediaOf,
  probeSource,
  type Format,
} from '../../src/ffmpeg/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { GiB, HOUR_MS } from '../../src/kernel/units.ts'
import { FFMPEG, FFPROBE } from './ffmpeg-paths.ts'
import { newJob } from './jobs.ts'

/** What became of a file, with what the API would have told of it before. */
export type Made = Converted & { file: string; foretold: Change[] }

const tools = await findTools({ ffmpeg: FFMPEG, ffprobe: FFPROBE })
const limits = { durationMs: HOUR_MS, bytes: GiB }
let count = 0

function formatOf(id: string): Format {
  const format = FORMATS.find((one) => one.id === id)
  if (!format) throw new Error(`There is no format ${id}.`)
  return format
}

/** Converts by the program's own code, from file to file: no stores, no queue. The result lies beside the source. */
export async function convertFile(source: string, target: string, options: JobOptions = {}): Promise<Made> {
  const format = formatOf(target)
  const folder = `${source}-${(count += 1)}`
  await mkdir(folder)
  await copyFile(source, path.join(folder, 'source'))
  const sources = await probeSource(tools, folder, 'source')
  const job = { ...newJob(systemClock.now()), format: target, options, owner: 'test' }
  const progress = createProgress(systemClock, { job, report: () => undefined })
  const output = `output.${format.extension}`
  const step = { folder, sources, format, output, limits, progress }
  const converted = await convert(tools, { job, signal: new AbortController().signal }, step)
  const media = mediaOf(sources.whole)
  const foretold = changesBetween(media, foretell(format, options, media))
  return { ...converted, file: path.join(folder, output), foretold }
}
