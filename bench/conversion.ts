import { readFile } from 'node:fs/promises'
import { makeAudio } from '../test/support/audio.ts'
import { makeDataDir, startProgram } from '../test/support/program.ts'
import { convertBare, type Timed } from './bare-ffmpeg.ts'
import { dynamoUnits, mib, peakMemoryBytes, write } from './meters.ts'
import { convertThroughService } from './whole-path.ts'

/**
 * The whole path (upload, job, result) against bare FFmpeg on the same file and machine, in one run, in turns so that
 * a slow moment hits both. Times are medians; memory is the server's own peak (VmHWM), without FFmpeg's; units are
 * what DynamoDB said one conversion consumed.
 */
export async function benchConversion({ minutes, runs }: { minutes: number; runs: number }): Promise<void> {
  await using folder = await makeDataDir()
  const source = `${folder.path}/source.wav`
  await makeAudio(source, { seconds: minutes * 60 })
  const song = await readFile(source)
  await using program = await startProgram({ dataDir: `${folder.path}/data` })

  const bare: Timed[] = []
  const whole: Awaited<ReturnType<typeof convertThroughService>>[] = []
  const unitsBefore = await dynamoUnits(program.url)
  for (let run = 0; run < runs; run++) {
    bare.push(await convertBare(source, `${folder.path}/bare.mp3`))
    whole.push(await convertThroughService(program.url, song))
  }
  const units = await dynamoUnits(program.url)

  const bareMs = median(bare.map(({ ms }) => ms))
  const wholeMs = median(whole.map(({ totalMs }) => totalMs))
  write(`${minutes} min WAV (${mib(song.length)}) to MP3, median of ${runs} runs`)
  write(`  bare ffmpeg      ${seconds(bareMs)}`)
  write(`  whole path       ${seconds(wholeMs)}   ratio ${(wholeMs / bareMs).toFixed(2)}`)
  for (const step of ['uploadMs', 'completeMs', 'jobMs', 'downloadMs'] as const)
    write(`    ${step.replace('Ms', '').padEnd(14)} ${seconds(median(whole.map((one) => one[step])))}`)
  write(`  server memory    ${mib(await peakMemoryBytes(program.pid))} peak`)
  write('  DynamoDB units   a conversion')
  for (const [name, total] of Object.entries(units)) {
    const used = (total - (unitsBefore[name] ?? 0)) / runs
    if (used > 0) write(`    ${name.padEnd(32)} ${used.toFixed(1)}`)
  }
}

const median = (values: number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`.padStart(9)
