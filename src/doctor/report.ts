import type { CheckResult } from './check.ts'

const NAME_WIDTH = 16
const STATUS_WIDTH = 8

/** One check as a row of the table, with what to do below it. */
export function rowOf({ status, name, found, advice }: CheckResult): string {
  const row = `${status.padEnd(STATUS_WIDTH)}${name.padEnd(NAME_WIDTH)}${indented(found)}\n`
  return advice === undefined ? row : `${row}${' '.repeat(STATUS_WIDTH + NAME_WIDTH)}→ ${indented(advice)}\n`
}

const indented = (text: string) => text.replaceAll('\n', `\n${' '.repeat(STATUS_WIDTH + NAME_WIDTH)}`)

/** Whether nothing failed. */
export const isWell = (results: readonly CheckResult[]) => results.every(({ status }) => status !== 'fail')

/** The last line of the table. */
export function summaryOf(results: readonly CheckResult[]): string {
  const count = (status: CheckResult['status']) => results.filter((one) => one.status === status).length
  const counts = (['ok', 'warn', 'fail', 'skipped'] as const).map((status) => `${count(status)} ${status}`)
  return `${isWell(results) ? 'All is well' : 'Something is wrong'}: ${counts.join(', ')}.\n`
}
