import { defineConfig } from 'vitest/config'

/** On AWS a table is there some seconds after it was asked for, and every program under test wants three. */
const PATIENCE = process.env['TEST_DYNAMODB_ENDPOINT'] === 'aws' ? 4 : 1

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
