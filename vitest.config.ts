import { defineConfig } from 'vitest/config'

/** Elsewhere a table may be there only seconds after it was asked for, and the jobs of a dead process wait for half a minute. */
const { TEST_DYNAMODB_ENDPOINT, TEST_S3_ENDPOINT } = process.env
const PATIENCE = TEST_DYNAMODB_ENDPOINT || TEST_S3_ENDPOINT ? 4 : 1

const project = (name: string, include: string[], timeout: number, globalSetup: string[] = []) => ({
  test: {
    ...{ name, include, testTimeout: timeout * PATIENCE, hookTimeout: 60_000 * PATIENCE },
    ...{ environment: 'node' as const, globalSetup },
    expect: { poll: { timeout: (timeout * PATIENCE) / 2 } },
  },
})

/** After all others, and more at once than there are processors. */
const MOSTLY_WAITING = { maxWorkers: 4, sequence: { groupOrder: 1 } }

export default defineConfig({
  test: {
    projects: [
      project('unit', ['{src,web/src}/**/*.test.ts', 'test/unit/**/*.test.ts'], 10_000),
      project('infra', ['infra/test/**/*.test.ts'], 60_000),
      project('simulation', ['test/simulation/**/*.test.ts'], 120_000),
      project('integration', ['test/{contract,integration}/**/*.test.ts'], 60_000),
      project('e2e', ['test/e2e/**/*.test.ts'], 180_000, ['test/e2e/build-page.ts']),
      { test: { ...project('faults', ['test/faults/**/*.test.ts'], 240_000).test, ...MOSTLY_WAITING } },
    ],
  },
})
