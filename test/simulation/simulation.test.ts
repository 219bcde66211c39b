import { expect, test } from 'vitest'
import { tellStory, type Story } from './story.ts'

/** A fixed start, so that every run tells the same stories; SIM_SEED tells one again, with its trace. */
const SEEDS = { first: Number(process.env['SIM_SEED'] ?? 1), count: Number(process.env['SIM_SEEDS'] ?? 500) }
const CHUNK = 50

/** Whoever replays one seed wants to see all of it. */
const LAST_LINES = SEEDS.count === 1 ? Number.POSITIVE_INFINITY : 100

const report = ({ seed, violations, trace }: Story) =>
  [`Replay with SIM_SEED=${seed} SIM_SEEDS=1.`, ...violations, '', ...trace.slice(-LAST_LINES)].join('\n')

test('one seed is one story', async () => {
  const [once, again] = [await tellStory(7), await tellStory(7)]
  expect(again.digest).toBe(once.digest)
  expect((await tellStory(8)).digest).not.toBe(once.digest)
})

const tally = new Map<string, number>()
const chunks = Array.from({ length: Math.ceil(SEEDS.count / CHUNK) }, (_, at) => SEEDS.first + at * CHUNK)
test.each(chunks)('whatever goes wrong, every promise is kept (seeds from %i)', async (from) => {
  for (let seed = from; seed < Math.min(from + CHUNK, SEEDS.first + SEEDS.count); seed++) {
    const story = await tellStory(seed)
    if (story.violations.length > 0) expect.fail(report(story))
    for (const [what, count] of story.tally) tally.set(what, (tally.get(what) ?? 0) + count)
  }
})

// Stories in which nothing happens prove nothing.
if (SEEDS.count >= CHUNK)
  test.each([
    ...['crash', 'stop', 'state away', 'objects away'],
    ...['job done', 'job failed', 'job cancelled', 'job gone'],
    ...['job taken from a dead worker', 'commit waits for the store', 'result of an earlier lease adopted'],
  ])('that happened, too: %s', (what) => {
    expect(tally.get(what)).toBeGreaterThan(0)
  })

test.each(['ignores conditions', 'forgets writes'] as const)(
  'a store that %s is found out',
  async (defect) => {
    for (let seed = 1; seed <= 20; seed++) if ((await tellStory(seed, defect)).violations.length > 0) return
    expect.fail('Nobody noticed in twenty stories.')
  },
)
