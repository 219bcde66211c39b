import { defineConfig } from 'vitest/config'
import { SlowFirst } from './test/ci/slow-first.ts'

/** Elsewhere a table may be there only seconds after it was asked for, and the jobs of a dead process wait for half a minute. */
const { TEST_DYNAMODB_ENDPOINT, TEST_S3_ENDPOINT } = process.env
const PATIENCE = TEST_DYNAMODB_ENDPOINT || TEST_S3_ENDPOINT ? 4 : 1

/**
 * Groups run one after the other, each with as many files at once as keep two processors busy: files of the first group
 * compute, those of the browser wait more than half of their time, and those of faults mostly. What files of one worker share is
 * in its own fixtures (`scope: 'worker'`).
 */
const COMPUTING = { groupOrder: 0, maxWorkers: 3 }
const BROWSING = { groupOrder: 1, maxWorkers: 3 }
const WAITING = { groupOrder: 2, maxWorkers: 5 }

type Group = typeof COMPUTING

const project = (name: string, include: string[], timeout: number, { groupOrder, maxWorkers }: Group) => ({
  name,
  include,
  testTimeout: timeout * PATIENCE,
  hookTimeout: 60_000 * PATIENCE,
  environment: 'node' as const,
  expect: { poll: { timeout: (timeout * PATIENCE) / 2 } },
  isolate: false,
  maxWorkers,
  sequence: { groupOrder },
})

const beside = ['{src,web/src}/**/*.test.ts', 'test/unit/**/*.test.ts']
const page = { globalSetup: ['test/e2e/build-page.ts'] }

export default defineConfig({
  test: {
    sequence: { sequencer: SlowFirst },
    projects: [
      // In this order within a group. The simulation is one thread that takes three times as long beside FFmpeg, so it
      // comes late; short files fill the end.
      // Tests of one file run at once, so that each may wait for what all of them compute.
      { test: project('conversion', ['test/conversion/**/*.test.ts'], 120_000, COMPUTING) },
      { test: project('integration', ['test/integration/**/*.test.ts'], 60_000, COMPUTING) },
      { test: project('simulation', ['test/simulation/**/*.test.ts'], 120_000, COMPUTING) },
      { test: project('infra', ['infra/test/**/*.test.ts'], 60_000, COMPUTING) },
      { test: project('contract', ['test/contract/**/*.test.ts'], 60_000, COMPUTING) },
      { test: project('unit', beside, 10_000, COMPUTING) },
      { test: { ...project('e2e', ['test/e2e/**/*.test.ts'], 180_000, BROWSING), ...page } },
      { test: project('faults', ['test/faults/**/*.test.ts'], 240_000, WAITING) },
    ],
  },
})
