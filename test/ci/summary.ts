/** As much of Vitest's JSON report as is read here. Times in milliseconds, names absolute. */
export type Report = {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: {
    name: string
    status: string
    startTime: number
    endTime: number
    assertionResults: unknown[]
  }[]
}

/** Seconds a test file may take. A longer one delays every check, since files run side by side and the last one alone. */
const BUDGET_SECONDS = 45
/** What all files take on two processors; where they take longer, because others use the machine, so may each of them. */
const WHOLE_SECONDS = 600
const LISTED_FILES = 15

export type Summary = {
  passed: number
  failed: number
  /** The slowest files, one row each. */
  table: string[]
  /** Files over the budget for which there is no reason. */
  overBudget: string[]
}

/**
 * What a run of the tests comes to. A file that could not be loaded has no tests in the report, but it failed; a skipped
 * test did not pass; a file over the budget fails unless `excused` has the reason why it takes longer.
 */
export function summarize(report: Report, excused: Record<string, string>, root: string): Summary {
  const files = report.testResults
    .map((file) => ({ ...file, name: file.name.replace(`${root}/`, ''), seconds: secondsOf(file) }))
    .sort((a, b) => b.seconds - a.seconds)
  const broken = files.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  const budget = BUDGET_SECONDS * Math.max(1, wholeSeconds(report) / WHOLE_SECONDS)
  const slow = files.filter(({ name, seconds }) => seconds > budget && !(name in excused))
  const skipped = report.numPendingTests + report.numTodoTests
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length + skipped + slow.length,
    table: files.slice(0, LISTED_FILES).map(({ name, seconds, assertionResults }) => {
      const reason = excused[name]
      return `${seconds.toFixed(1).padStart(6)} s  ${name} (${assertionResults.length} tests)${reason ? `: ${reason}` : ''}`
    }),
    overBudget: slow.map(
      ({ name, seconds }) =>
        `${name} took ${seconds.toFixed(0)} s; the budget of a file is ${budget.toFixed(0)} s. Make it faster, split it, or say in test/ci/slow-files.ts why it takes that long.`,
    ),
  }
}

function wholeSeconds({ testResults }: Report): number {
  const begun = Math.min(...testResults.map(({ startTime }) => startTime))
  const ended = Math.max(...testResults.map(({ endTime }) => endTime))
  return (ended - begun) / 1000
}

const secondsOf = ({ startTime, endTime }: Report['testResults'][number]) => (endTime - startTime) / 1000
