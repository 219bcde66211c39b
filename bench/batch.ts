import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createApi, type Api } from '../test/support/api.ts'
import { makeAudio, SOURCES } from '../test/support/audio.ts'
import { makeDataDir, startProgram } from '../test/support/program.ts'
import { mib, peakMemoryBytes, write } from './meters.ts'

type Source = keyof typeof SOURCES
/** One file of the batch: what it is, how long, and what becomes of it. */
type Task = { source: Source; seconds: number; format: string }

/** What somebody with a shell would write, with the encoder settings that the service uses by default. */
const BARE: Record<string, { extension: string; flags: string[] }> = {
  mp3: { extension: 'mp3', flags: ['-c:a', 'libmp3lame', '-q:a', '2'] },
  aac: { extension: 'm4a', flags: ['-c:a', 'aac', '-b:a', '192k', '-movflags', '+faststart'] },
  opus: { extension: 'opus', flags: ['-c:a', 'libopus', '-b:a', '128k'] },
  vorbis: { extension: 'ogg', flags: ['-c:a', 'libvorbis', '-q:a', '6'] },
  flac: { extension: 'flac', flags: ['-c:a', 'flac', '-compression_level', '8'] },
  wav: { extension: 'wav', flags: ['-c:a', 'pcm_s16le'] },
}
/** A memo, two songs and a piece of radio, over and over. */
const SECONDS = [60, 180, 240, 900]
const FILES = 20
const AT_ONCE = 2
/** Files a client has under way: enough that the queue is never empty, few enough for the places one client has. */
const UNDER_WAY = 6

/**
 * Twenty mixed files through the service (upload, job, result) against a loop of bare `ffmpeg -threads 1`, two at a time,
 * on the same machine in one run, in turns. No file goes to a format it is in already: nothing is merely copied.
 */
export async function benchBatch({ runs }: { runs: number }): Promise<void> {
  await using folder = await makeDataDir()
  const tasks = mixed()
  const files = await Promise.all(tasks.map((task, at) => makeSource(folder.path, task, at)))
  await using program = await startProgram({
    dataDir: path.join(folder.path, 'data'),
    env: { WORKER_CONCURRENCY: `${AT_ONCE}` },
  })
  const api = createApi(program.url)
  const ratios: number[] = []
  for (let run = 0; run < runs; run++) {
    const bareMs = await timed(() => pool(tasks, AT_ONCE, (task, at) => convertBare(files[at] ?? '', task)))
    const wholeMs = await timed(() =>
      pool(tasks, UNDER_WAY, (task, at) => convertWhole(api, files[at] ?? '', task)),
    )
    ratios.push(wholeMs / bareMs)
    const [bare, whole] = [bareMs, wholeMs].map((ms) => `${(ms / 1000).toFixed(2)} s`)
    const eachMs = ((wholeMs - bareMs) * AT_ONCE) / FILES
    const more = `${Math.round(eachMs)} ms more for each file`
    write(
      `  bare ffmpeg ${bare ?? ''}, service ${whole ?? ''}, ratio ${(wholeMs / bareMs).toFixed(2)}, ${more}`,
    )
  }
  write(`  ratio, median of ${runs}: ${(ratios.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? 0).toFixed(2)}`)
  write(`  server memory ${mib(await peakMemoryBytes(program.pid))} at most, without FFmpeg's`)
}

function mixed(): Task[] {
  const sources = Object.keys(SOURCES) as Source[]
  const formats = Object.keys(BARE)
  const pairs = sources.flatMap((source) =>
    formats.filter((format) => BARE[format]?.extension !== source).map((format) => ({ source, format })),
  )
  const every = pairs.length / FILES
  return Array.from({ length: FILES }, (_, at) => {
    const pair = pairs[Math.floor(at * every)] ?? { source: 'wav', format: 'mp3' }
    return { ...pair, seconds: SECONDS[at % SECONDS.length] ?? 60 }
  })
}

async function makeSource(folder: string, { source, seconds }: Task, at: number): Promise<string> {
  const file = path.join(folder, `${at}.${source}`)
  await makeAudio(file, { seconds, flags: SOURCES[source] })
  return file
}

async function convertBare(file: string, { format }: Task): Promise<void> {
  const { extension = '', flags = [] } = BARE[format] ?? {}
  const args = [
    '-nostdin',
    '-v',
    'error',
    '-y',
    '-threads',
    '1',
    '-i',
    file,
    ...flags,
    `${file}.${extension}`,
  ]
  const [exitCode] = (await once(spawn('ffmpeg', args, { stdio: 'ignore' }), 'close')) as [number]
  if (exitCode !== 0) throw new Error(`ffmpeg ended with ${exitCode}.`)
}

async function convertWhole(api: Api, file: string, { format }: Task): Promise<void> {
  const uploadId = await api.upload(path.basename(file), await readFile(file))
  const { id } = await api.convert(uploadId, format)
  await ended(api, id)
  await api.result(id)
}

/** Listens to the job's events, as the page does, until it is done; a stream ends by itself now and then. */
async function ended(api: Api, jobId: string): Promise<void> {
  for (;;) {
    const heard = await (await api.call(`progress/stream?jobId=${jobId}`)).text()
    if (heard.includes('"state":"done"')) return
    if (heard.includes('"state":"failed"')) throw new Error('The conversion failed.')
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

/** Does all tasks, so many at a time. */
async function pool(tasks: readonly Task[], size: number, each: (task: Task, at: number) => Promise<void>) {
  const left = tasks.map((task, at) => ({ task, at }))
  const worker = async () => {
    for (let next = left.shift(); next; next = left.shift()) await each(next.task, next.at)
  }
  await Promise.all(Array.from({ length: size }, worker))
}
