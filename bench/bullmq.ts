import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startStores } from '../test/support/embedded.ts'
import { makeDataDir, startProgram } from '../test/support/program.ts'
import { playWorker } from './crowd.ts'
import { child } from './child.ts'
import { freePort } from './free-port.ts'
import { agesOf, atRate, spread, watch } from './load.ts'
import { cpuSeconds, dynamoUnits, sum, write } from './meters.ts'

const JOBS = 50
const CROWD = { watchers: 500, seconds: 20 }
const RATE = { perSecond: 1000, seconds: 10 }
const HERE = path.join(import.meta.dirname, 'bullmq')

/** A service under measure: what it is asked for, its process, and what it has asked of its store so far. */
type Service = { urlOf: (at: number) => string; pid: number; store: () => Promise<number> }

/**
 * The progress path of 50 running jobs and 500 watchers, here and as one would build it with BullMQ on a Redis of this
 * machine: latencies and ages that clients see, what the store is asked, and the processor time of the server.
 */
export async function benchBullmq(): Promise<void> {
  if (!existsSync(path.join(HERE, 'node_modules')))
    throw new Error('Run this first: npm install --prefix bench/bullmq --no-package-lock')
  await measureTapedeck()
  await measureBullmq()
}

async function measure(name: string, storeUnit: string, { urlOf, pid, store }: Service): Promise<void> {
  const before = { store: await store(), cpu: await cpuSeconds(pid) }
  const polled = await watch(CROWD, urlOf)
  const asked = (await store()) - before.store
  const cpu = (await cpuSeconds(pid)) - before.cpu
  write(`${name}\n  ${CROWD.watchers} watchers, ${CROWD.seconds} s: ${spread(polled)}`)
  write(
    `  ${asked} ${storeUnit}, ${(asked / polled.length).toFixed(3)} an answer; processor ${cpu.toFixed(1)} s`,
  )
  write(`  ${RATE.perSecond} requests/s, ${RATE.seconds} s: ${spread(await atRate(RATE, urlOf))}`)
  write(`  age of what is told: ${spread(await agesOf(urlOf, JOBS)).replace('answers', 'jobs')}`)
}

/** The worker is another process here, since what is read from its own memory costs nothing. */
async function measureTapedeck(): Promise<void> {
  await using stores = await startStores()
  const env = { ...stores.env, ROLE: 'api', LOG_LEVEL: 'silent' }
  await using program = await startProgram({ dataDir: `${stores.folder}/api`, env })
  const worker = await playWorker(stores, JOBS)
  await measure('Tapedeck, jobs in another process', 'read units', {
    urlOf: (at) => `${program.url}/api/progress?jobId=${worker.ids[at % JOBS] ?? ''}`,
    pid: program.pid,
    store: async () => sum(await dynamoUnits(program.url)),
  })
  await worker.stop()
}

async function measureBullmq(): Promise<void> {
  await using folder = await makeDataDir()
  const redisPort = await freePort()
  await using redis = child('redis-server', [
    ...['--port', `${redisPort}`, '--bind', '127.0.0.1', '--dir', folder.path],
    ...['--appendonly', 'yes', '--save', ''],
  ])
  await once(redis.process, 'spawn')
  await answers(redisPort)
  await using service = child(process.execPath, [path.join(HERE, 'service.js'), `${redisPort}`, `${JOBS}`])
  const [line] = (await once(createInterface(service.output), 'line')) as [string]
  const { port, ids } = JSON.parse(line) as { port: number; ids: string[] }
  await measure('BullMQ, jobs in the same process', 'commands to Redis', {
    urlOf: (at) => `http://127.0.0.1:${port}/?jobId=${ids[at % JOBS] ?? ''}`,
    pid: service.process.pid ?? 0,
    store: () => commands(redisPort),
  })
}

const redisCli = async (port: number, ...words: string[]) =>
  (await promisify(execFile)('redis-cli', ['-p', `${port}`, ...words])).stdout

async function answers(port: number): Promise<void> {
  while ((await redisCli(port, 'ping').catch(() => '')).trim() !== 'PONG') await delay(50)
}

/** Commands that Redis has carried out, those inside of scripts included. */
async function commands(port: number): Promise<number> {
  const calls = (await redisCli(port, 'info', 'commandstats')).matchAll(/calls=(\d+)/g)
  return [...calls].reduce((total, [, count]) => total + Number(count), 0)
}
