import { expect, test } from 'vitest'
import type { Features } from '../../src/cli/wire.ts'
import { SECOND_MS } from '../../src/kernel/units.ts'
import { Host } from './host.ts'
import { HostClock } from './host-clock.ts'
import { withRandomOf } from './platform.ts'
import { Random } from '../support/random.ts'
import { putSource } from './source.ts'
import { World } from './world.ts'

/** Times that the program promises, in turned time: nothing goes wrong but what the test does, on any seed. */
const SEEDS = Array.from({ length: 25 }, (_, at) => at + 1)
const LOOK_EVERY_MS = 50

class Scene {
  readonly world: World
  readonly owner: Host
  readonly other: Host
  readonly random: Random
  readonly #clock: HostClock
  jobId = ''

  constructor(seed: number) {
    this.random = new Random(seed)
    this.world = new World(this.random.fork())
    this.owner = new Host(this.world, 'owner', { offsetMs: 5000, drift: 0.001 })
    this.other = new Host(this.world, 'other', { offsetMs: -5000, drift: -0.001 })
    this.#clock = new HostClock(this.world.scheduler, this.world.scheduler.world)
  }

  ask<Answer>(host: Host, act: (features: Features) => Promise<Answer>): Promise<Answer> {
    return new Promise((got, refused) => host.serve(act, { got, refused }))
  }

  get row() {
    return this.world.rowsOf('jobs').find(({ jobId }) => jobId === this.jobId)
  }

  /** Milliseconds until something is so. */
  async until(isSo: () => boolean): Promise<number> {
    const { at } = this.world
    while (!isSo()) await this.#clock.sleep(LOOK_EVERY_MS)
    return this.world.at - at
  }

  /** Milliseconds until somebody runs the job under its second lease. */
  untilRunsAgain(): Promise<number> {
    return this.until(() => this.row?.['state'] === 'running' && this.row['fence'] === 2)
  }

  wait(ms: number): Promise<void> {
    return this.#clock.sleep(ms)
  }

  /** A conversion of a minute that has been running on its owner for a while. */
  async begin(): Promise<void> {
    this.owner.start()
    this.other.start()
    await this.#clock.sleep(this.random.between(0, 20) * SECOND_MS)
    const { uploadId } = putSource(this.world, { kind: 'plain', takesMs: 60_000, lifeMs: 200_000 })
    const request = { uploadId, format: 'mp3' }
    const seen = await this.ask(this.owner, ({ conversions }) => conversions.request(request))
    this.jobId = seen.status.job.jobId
    await this.until(() => this.row?.['state'] === 'running')
    await this.#clock.sleep(this.random.between(0, 30_000))
  }
}

/** Plays a scene on every seed; gives what each of them found. */
async function play(act: (scene: Scene) => Promise<number>): Promise<number[]> {
  const found: number[] = []
  for (const seed of SEEDS) {
    const scene = new Scene(seed)
    let over = false
    await withRandomOf(scene.random, async () => {
      const acting = act(scene).finally(() => (over = true))
      await scene.world.scheduler.run(() => over)
      found.push(await acting)
    })
    expect(scene.world.judge.violations).toEqual([])
  }
  return found
}

const longest = (times: number[]) => Math.max(...times)

test('a conversion in another process is stopped within five seconds after somebody cancelled it', async () => {
  const times = await play(async (scene) => {
    await scene.begin()
    await scene.ask(scene.other, ({ conversions }) => conversions.cancel(scene.jobId))
    return scene.until(() => scene.row?.['state'] === 'cancelled')
  })
  expect(longest(times)).toBeLessThanOrEqual(5 * SECOND_MS)
})

test('a job of a dead process runs again after 30 seconds of silence, and within a minute', async () => {
  const times = await play(async (scene) => {
    await scene.begin()
    scene.owner.crash()
    return scene.untilRunsAgain()
  })
  expect(Math.min(...times)).toBeGreaterThan(20 * SECOND_MS)
  expect(longest(times)).toBeLessThanOrEqual(60 * SECOND_MS)
})

// A poll in five seconds at the latest, and the index shows it up to eight seconds late.
test('a job of a process that is stopped in order runs again within fifteen seconds', async () => {
  const times = await play(async (scene) => {
    await scene.begin()
    scene.owner.stop()
    return scene.untilRunsAgain()
  })
  expect(longest(times)).toBeLessThanOrEqual(15 * SECOND_MS)
})

test('an outage of two minutes takes no job from a process that lives', async () => {
  await play(async (scene) => {
    await scene.begin()
    scene.world.network.away.add('state')
    await scene.wait(120_000) // the conversion ends meanwhile
    scene.world.network.away.delete('state')
    const late = await scene.until(() => scene.row?.['state'] === 'done')
    expect(scene.row).toMatchObject({ fence: 1, crashes: 0 })
    return late
  })
})

test('a process that alone is cut off for two minutes loses its job, and finds that out', async () => {
  await play(async (scene) => {
    await scene.begin()
    const { lane } = scene.owner
    if (lane) scene.world.network.away.add(lane)
    const time = await scene.until(() => scene.row?.['state'] === 'done')
    expect(scene.row).toMatchObject({ fence: 2, crashes: 1 })
    if (lane) scene.world.network.away.delete(lane)
    await scene.wait(30_000)
    expect(scene.row).toMatchObject({ state: 'done', fence: 2 })
    return time
  })
})
