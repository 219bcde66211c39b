import { GiB } from '../../src/kernel/units.ts'
import type { Usage } from '../support/usage.ts'
import { wholeOf, type Measured } from './measured.ts'

/** List prices in US dollars, us-east-1: those of S3 as of 2025, those of DynamoDB since 1 November 2024. */
const PRICES: readonly { of: keyof Usage; what: string; usd: number; per: number; unit: string }[] = [
  { of: 's3Writes', what: 'PUT, POST and LIST requests', usd: 0.005, per: 1000, unit: '1,000' },
  { of: 's3Reads', what: 'GET and other requests', usd: 0.0004, per: 1000, unit: '1,000' },
  { of: 'bytesOut', what: 'bytes from S3 to the internet', usd: 0.09, per: GiB, unit: 'GB' },
  { of: 'bytesIn', what: 'bytes in S3 for a month', usd: 0.023, per: GiB, unit: 'GB' },
  { of: 'writeUnits', what: 'write request units', usd: 0.625, per: 1e6, unit: 'million' },
  { of: 'readUnits', what: 'read request units', usd: 0.125, per: 1e6, unit: 'million' },
]
const SOURCES = ['https://aws.amazon.com/s3/pricing/', 'https://aws.amazon.com/dynamodb/pricing/on-demand/']

const dollars = (usd: number) => `$${usd.toFixed(4)}`

/** What a run costs that asks for this much, line by line and in all. */
export function estimateOf(usage: Usage): { lines: string[]; usd: number } {
  const costs = PRICES.map(({ of, usd, per }) => (usage[of] / per) * usd)
  const lines = PRICES.map(({ of, what, usd, unit }, at) => {
    const count = Math.ceil(usage[of]).toLocaleString('en-US').padStart(15)
    return `${count} ${what} × $${usd} per ${unit} = ${dollars(costs[at] ?? 0)}`
  })
  return { lines, usd: costs.reduce((sum, cost) => sum + cost, 0) }
}

/** What is said before anything is made. */
export function explainCost(measured: Measured): string {
  const { lines, usd } = estimateOf(wholeOf(measured))
  const { files, of, when } = measured
  return [
    `A run of all suites asks for about this much: counted by stand-ins on ${when}, in ${files} of ${of} test files, times`,
    `${of} / ${files} for all of them.`,
    ...lines,
    `${'about'.padStart(15)} ${dollars(usd)}, by the list prices of us-east-1 as known when this was written (S3: 2025;`,
    '  DynamoDB: since 1 November 2024), without any free tier; look here for those of today and of your region:',
    ...SOURCES.map((url) => `  ${url}`),
    '  Tests that are tried again, and waits for tables, add to it. Bytes in S3 stay for minutes, not for a month.',
    '',
  ].join('\n')
}
