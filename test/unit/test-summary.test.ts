import { expect, test } from 'vitest'
import { summarize, type Report } from '../ci/summary.ts'

const file = (name: string, seconds: number, tests = 1, status = 'passed') => ({
  name: `/clone/${name}`,
  status,
  startTime: 1000,
  endTime: 1000 + seconds * 1000,
  assertionResults: Array.from({ length: tests }, () => ({})),
})
const report = (testResults: Report['testResults'], counts: Partial<Report> = {}): Report => ({
  numPassedTests: 10,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults,
  ...counts,
})

test('the fifteen slowest files are listed, the slowest first, with how many tests they have', () => {
  const files = Array.from({ length: 20 }, (_, at) => file(`test/${at}.test.ts`, at, at))
  const { table, passed, failed } = summarize(report(files), {}, '/clone')
  expect(table).toHaveLength(15)
  expect(table[0]).toBe('  19.0 s  test/19.test.ts (19 tests)')
  expect([passed, failed]).toEqual([10, 0])
})

test('a file over 45 seconds fails, unless there is a reason', () => {
  const files = [file('slow.test.ts', 45.1), file('known.test.ts', 90), file('quick.test.ts', 45)]
  const { failed, overBudget, table } = summarize(report(files), { 'known.test.ts': 'it waits' }, '/clone')
  expect(failed).toBe(1)
  expect(overBudget).toEqual([expect.stringMatching(/^slow\.test\.ts took 45 s; the budget/)])
  expect(table[0]).toBe('  90.0 s  known.test.ts (1 tests): it waits')
})

test('where the whole takes longer than ten minutes, so may each file', () => {
  const files = [file('slow.test.ts', 60), file('known.test.ts', 900)]
  expect(summarize(report(files), { 'known.test.ts': 'it waits' }, '/clone').overBudget).toEqual([])
  const slower = [file('slow.test.ts', 70), file('known.test.ts', 900)]
  expect(summarize(report(slower), { 'known.test.ts': 'it waits' }, '/clone').failed).toBe(1)
})

test('skipped tests, and files that could not be loaded, did not pass', () => {
  const files = [file('broken.test.ts', 1, 0, 'failed')]
  const counts = { numFailedTests: 2, numPendingTests: 3, numTodoTests: 4 }
  expect(summarize(report(files, counts), {}, '/clone').failed).toBe(2 + 1 + 3 + 4)
})
