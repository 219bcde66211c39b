import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createApi } from '../test/support/api.ts'
import { makeDataDir, startProgram, type Program } from '../test/support/program.ts'
import { dynamoUnits, mib, sum, write } from './meters.ts'
import { doOne, makeMaterials, type Way } from './soak-people.ts'
import { slopeOf, vitalsOf, type Vitals } from './vitals.ts'

const PRELOAD = import.meta.resolve('./tidy-preload.ts')
const PEOPLE = 4
const MINUTE_MS = 60_000
/** A line through fewer points says nothing. */
const FEWEST_MINUTES = 5
/** Code is compiled, caches and pools fill up: what is held after this share of the time is the beginning. */
const WARM_UP_SHARE = 0.3
/** Between people and sample, so that what ends on its own has ended. */
const REST_MS = 2000

/**
 * What may be held more after an hour of this. What is remembered of jobs and uploads fills up on purpose, to 10,000 and
 * 200,000 rows: 0.2 MiB a minute at 59 deeds a minute, and nothing with both held to a few. The resident set follows, and V8
 * gives back when it likes; of sockets, pools open and close some. A handle left by one deed in a hundred is 35 an hour.
 */
const MOST_AN_HOUR = { heapBytes: 24 * 2 ** 20, residentBytes: 60 * 2 ** 20, files: 12, sockets: 60 }
type Held = keyof typeof MOST_AN_HOUR

/**
 * The whole program under everything that people do to it, for so many minutes, at rest once a minute to be looked at:
 * whether it holds more and more memory, handles, children or temporary files.
 */
export async function benchSoak({ minutes }: { minutes: number }): Promise<void> {
  if (!(minutes >= FEWEST_MINUTES)) throw new Error(`A soak takes ${FEWEST_MINUTES} minutes at least.`)
  await using folder = await makeDataDir()
  const dataDir = path.join(folder.path, 'data')
  const materials = await makeMaterials(folder.path)
  await using program = await startProgram({
    dataDir,
    env: { NODE_OPTIONS: `--import=${PRELOAD}`, WORKER_CONCURRENCY: '2', MAX_QUEUED_JOBS: '1000' },
  })
  const api = createApi(program.url)
  const done = new Map<Way, number>()
  let next = 0
  const person = async (until: number) => {
    while (performance.now() < until) {
      const way = await doOne(api, materials, next++)
      done.set(way, (done.get(way) ?? 0) + 1)
    }
  }
  const samples: Vitals[] = []
  const startedAt = performance.now()
  for (let minute = 1; minute <= minutes; minute++) {
    const until = startedAt + minute * MINUTE_MS
    await Promise.all(Array.from({ length: PEOPLE }, () => person(until)))
    await delay(REST_MS)
    const vitals = await vitalsOf(program, dataDir, (performance.now() - startedAt) / MINUTE_MS)
    samples.push(vitals)
    write(lineOf(vitals, done))
  }
  await conclude(program, samples, done)
}

const total = (done: ReadonlyMap<Way, number>) => [...done.values()].reduce((all, one) => all + one, 0)

const lineOf = (at: Vitals, done: ReadonlyMap<Way, number>) =>
  `  minute ${at.minutes.toFixed(1).padStart(4)}: ${total(done)} deeds, heap ${mib(at.heapBytes)}, ` +
  `resident ${mib(at.residentBytes)}, files ${at.files}, sockets ${at.sockets}, children ${at.children}, ` +
  `temporary files ${at.tempFiles}`

async function conclude(program: Program, samples: readonly Vitals[], done: ReadonlyMap<Way, number>) {
  write(`  deeds: ${[...done].map(([way, count]) => `${count} ${way}`).join(', ')}`)
  const units = await dynamoUnits(program.url)
  const jobs = [...done].reduce((all, [way, count]) => (HAS_JOB.has(way) ? all + count : all), 0)
  write(
    `  ${(sum(units) / jobs).toFixed(1)} units of DynamoDB for each of ${jobs} jobs, uploads and all else included`,
  )
  const warm = samples.slice(Math.floor(samples.length * WARM_UP_SHARE))
  const growing: string[] = (Object.keys(MOST_AN_HOUR) as Held[]).filter((held) => !isFlat(held, warm))
  const last = warm.at(-1)
  if (last && last.children > (warm[0]?.children ?? 0)) growing.push('children')
  if (last && last.tempFiles > 0) growing.push('temporary files')
  write(growing.length === 0 ? '  flat' : `  NOT flat: ${growing.join(', ')}`)
}

const HAS_JOB: ReadonlySet<Way> = new Set(['converted', 'removed', 'looked', 'cancelled', 'failed'])

/** Says how it changed, and whether that is within what is taken for level. */
function isFlat(held: Held, warm: readonly Vitals[]): boolean {
  const slope = slopeOf(warm.map((at) => ({ x: at.minutes, y: at[held] })))
  const isMemory = held.endsWith('Bytes')
  const told = isMemory ? `${(slope / 2 ** 20).toFixed(2)} MiB` : slope.toFixed(2)
  write(`  ${held} after warming up: ${told} a minute`)
  return slope * 60 <= MOST_AN_HOUR[held]
}
