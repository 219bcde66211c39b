import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { SLOW_FILES } from './slow-files.ts'
import { summarize, type Report } from './summary.ts'

/** Prints the slowest test files of a report, and in the last line how many tests passed and failed, for .ci/run. */
const [file = ''] = process.argv.slice(2)
const report = JSON.parse(await readFile(file, 'utf8')) as Report
const { passed, failed, table, overBudget } = summarize(
  report,
  SLOW_FILES,
  path.resolve(import.meta.dirname, '../..'),
)
console.log(['== slowest test files', ...table, ...overBudget, `${passed} ${failed}`].join('\n'))
