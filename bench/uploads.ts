import { MiB } from '../src/kernel/units.ts'
import { cpuSeconds, mib, write } from './meters.ts'
import { startSlowLine } from './slow-line.ts'
import { measureFaults, measureKills } from './upload-faults.ts'
import { measureMemory } from './upload-memory.ts'
import { needTus, seconds, sendLibStorage, sendTapedeck, sendTus, startTus } from './upload-senders.ts'
import { makeFile, openStage, type BenchFile, type Stage } from './upload-stage.ts'

/** A connection between a home and a data centre. */
const LINE = { roundTripMs: 60, bytesPerSecond: 20 * MiB }
const LINE_FILE_BYTES = 384 * MiB
const FAST_FILE_BYTES = 1024 * MiB

/**
 * Uploads of one file over a line that limits each connection, and over one that does not; beside them the same with
 * tus on the same S3, and straight to S3 with the SDK. Then the memory of a full server, parts that fail, and servers
 * that die.
 */
export async function benchUploads(): Promise<void> {
  needTus()
  await using stage = await openStage()
  await overLine(stage, await makeFile(stage.folder, LINE_FILE_BYTES))
  await overLoopback(stage, await makeFile(stage.folder, FAST_FILE_BYTES))
  await measureMemory(stage)
  await measureFaults(stage)
  await measureKills(stage)
}

const speed = ({ size }: BenchFile, took: number) =>
  `${took.toFixed(2).padStart(7)} s  ${(size / MiB / took).toFixed(1).padStart(6)} MiB/s`

async function overLine(stage: Stage, file: BenchFile): Promise<void> {
  await using server = await stage.startServer()
  await using tus = await startTus(stage)
  await using line = await startSlowLine(server.url, LINE)
  await using tusLine = await startSlowLine(tus.url, LINE)
  await using s3Line = await startSlowLine(stage.s3.endpoint, LINE)
  write(`${mib(file.size)} over connections of ${LINE.roundTripMs} ms and ${mib(LINE.bytesPerSecond)}/s each`)
  const one = await sendTapedeck(line.url, file, { maxParallel: 1 })
  write(`  one part at a time   ${speed(file, one.sentSeconds)}`)
  const six = await sendTapedeck(line.url, file)
  write(
    `  up to six parts      ${speed(file, six.sentSeconds)}  (${ratio(one.sentSeconds, six.sentSeconds)})`,
  )
  const theirs = await seconds(() => sendTus(tusLine.url, file))
  write(`  tus                  ${speed(file, theirs)}  (${ratio(one.sentSeconds, theirs)})`)
  const straight = await seconds(() => sendLibStorage(s3Line.url, stage, file))
  write(`  lib-storage to S3    ${speed(file, straight)}  (${ratio(one.sentSeconds, straight)})`)
}

async function overLoopback(stage: Stage, file: BenchFile): Promise<void> {
  await using server = await stage.startServer()
  await using tus = await startTus(stage)
  const gib = file.size / 1024 / MiB
  write(`${mib(file.size)} over loopback, up to six parts, CRC-32 of every part`)
  const before = await cpuSeconds(server.pid)
  const ours = await sendTapedeck(server.url, file, {
    on: { state: (step) => step === 'finishing' && void told() },
  })
  async function told() {
    const spent = (await cpuSeconds(server.pid)) - before
    write(`  server: ${(spent / gib).toFixed(2)} processor seconds a GiB`)
  }
  write(`  Tapedeck             ${speed(file, ours.sentSeconds)}`)
  const tusBefore = await cpuSeconds(tus.pid)
  const theirs = await seconds(() => sendTus(tus.url, file))
  write(`  tus                  ${speed(file, theirs)}`)
  write(`  server: ${(((await cpuSeconds(tus.pid)) - tusBefore) / gib).toFixed(2)} processor seconds a GiB`)
  const straight = await seconds(() => sendLibStorage(stage.s3.endpoint, stage, file))
  write(`  lib-storage to S3    ${speed(file, straight)}`)
}

const ratio = (base: number, took: number) => `${(base / took).toFixed(2)} times one part`
