// Runs the suites of conversion with another FFmpeg: npm run test:ffmpeg -- FOLDER
// FOLDER holds `ffmpeg` and `ffprobe`, as scripts/unpack-ffmpeg.js leaves them there. What comes after it is for vitest,
// instead of all suites.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.resolve(import.meta.dirname, '../..')
const VITEST = path.join(ROOT, 'node_modules/vitest/vitest.mjs')

/** Everything that is different when FFmpeg is: what is made, what is decoded, what is said of it. */
const INTEGRATION = [
  'artwork',
  'attacks',
  'bad-input',
  'chained-source',
  'children',
  'conversion',
  'injection',
  'own-artwork',
  'preview',
  'waveform',
]
const SUITES = [
  'src/ffmpeg',
  'test/conversion',
  ...INTEGRATION.map((name) => `test/integration/${name}.test.ts`),
]

function main([folder, ...wanted]: string[]): number {
  if (folder === undefined) return refuse('Usage: npm run test:ffmpeg -- FOLDER [FILE...]')
  const [FFMPEG_PATH = '', FFPROBE_PATH = ''] = ['ffmpeg', 'ffprobe'].map((tool) =>
    path.resolve(folder, tool),
  )
  const missing = [FFMPEG_PATH, FFPROBE_PATH, ...SUITES].find((file) => !existsSync(path.resolve(ROOT, file)))
  if (missing !== undefined) return refuse(`There is no ${missing}.`)
  const { status } = spawnSync(process.execPath, [VITEST, 'run', ...(wanted.length > 0 ? wanted : SUITES)], {
    cwd: ROOT,
    env: { ...process.env, FFMPEG_PATH, FFPROBE_PATH },
    stdio: 'inherit',
  })
  return status ?? 1
}

function refuse(why: string): number {
  process.stderr.write(`${why}\n`)
  return 2
}

process.exitCode = main(process.argv.slice(2))
