import { expect, test } from 'vitest'
import { estimateOf, explainCost } from '../aws/estimate.ts'
import { MEASURED, wholeOf } from '../aws/measured.ts'
import { parseOptions, Refusal } from '../aws/options.ts'
import { GiB } from '../../src/kernel/units.ts'
import { classOf, unitsOf } from '../support/usage.ts'

const NOTHING = { s3Writes: 0, s3Reads: 0, bytesOut: 0, bytesIn: 0, writeUnits: 0, readUnits: 0 }

test('a run costs what was asked for times the price of each', () => {
  expect(estimateOf(NOTHING).usd).toBe(0)
  const usage = {
    ...{ s3Writes: 20_000, s3Reads: 50_000, bytesOut: 2 * GiB, bytesIn: 10 * GiB },
    ...{ writeUnits: 400_000, readUnits: 800_000 },
  }
  const { lines, usd } = estimateOf(usage)
  expect(lines.map((line) => line.trim())).toEqual([
    '20,000 PUT, POST and LIST requests × $0.005 per 1,000 = $0.1000',
    '50,000 GET and other requests × $0.0004 per 1,000 = $0.0200',
    '2,147,483,648 bytes from S3 to the internet × $0.09 per GB = $0.1800',
    '10,737,418,240 bytes in S3 for a month × $0.023 per GB = $0.2300',
    '400,000 write request units × $0.625 per million = $0.2500',
    '800,000 read request units × $0.125 per million = $0.1000',
  ])
  expect(usd).toBeCloseTo(0.88, 10)
})

test('what was counted in some files is taken for all of them', () => {
  const counted = { ...NOTHING, s3Writes: 30, bytesOut: 100 }
  const whole = wholeOf({ usage: counted, files: 3, of: 4, when: 'today' })
  expect(whole).toEqual({ ...NOTHING, s3Writes: 40, bytesOut: 134 })
})

test('what is said names sum, sources and age of the prices, and each count was measured', () => {
  const said = explainCost(MEASURED)
  const { usd } = estimateOf(wholeOf(MEASURED))
  const { files, of, when } = MEASURED
  const words = [`$${usd.toFixed(4)}`, 'us-east-1', '2025', 'https://aws.amazon.com/s3/pricing/', when]
  for (const word of [...words, `${files} of ${of} test files`]) expect(said).toContain(word)
  for (const count of Object.values(MEASURED.usage)) expect(count).toBeGreaterThan(0)
  expect(files).toBeLessThanOrEqual(of)
})

test.each([
  ['PUT', '/bucket/key', 's3Writes'],
  ['PUT', '/bucket', 's3Writes'],
  ['POST', '/bucket/key?uploads', 's3Writes'],
  ['GET', '/', 's3Writes'],
  ['GET', '/bucket?list-type=2', 's3Writes'],
  ['GET', '/bucket/?uploads', 's3Writes'],
  ['GET', '/bucket/key?uploadId=1', 's3Writes'],
  ['GET', '/bucket/a/key', 's3Reads'],
  ['HEAD', '/bucket', 's3Reads'],
  ['DELETE', '/bucket/key', undefined],
])('%s %s is billed as %s', (method, url, billed) => {
  expect(classOf(method, url)).toBe(billed)
})

test('units are those DynamoDB tells, and one where it tells none', () => {
  const told = (CapacityUnits: number) => ({ TableName: 'a', CapacityUnits })
  expect(unitsOf('PutItem', JSON.stringify({ ConsumedCapacity: told(2) }))).toEqual({ writeUnits: 2 })
  const both = { ConsumedCapacity: [told(1.5), told(0.5)] }
  expect(unitsOf('BatchGetItem', JSON.stringify(both))).toEqual({ readUnits: 2 })
  expect(unitsOf('UpdateItem', '{"__type":"ConditionalCheckFailedException"}')).toEqual({ writeUnits: 1 })
  expect(unitsOf('CreateTable', '{}')).toEqual({})
})

test('options are all or some files, of AWS or of stand-ins, or a sweep', () => {
  const run = { task: 'run', standIns: false, yes: false, olderThanHours: 0, files: [] }
  expect(parseOptions([])).toEqual(run)
  expect(parseOptions(['--yes', 'uploads'])).toEqual({ ...run, yes: true, files: ['uploads'] })
  expect(parseOptions(['--stand-ins'])).toEqual({ ...run, standIns: true })
  expect(parseOptions(['--sweep', '--older-than', '6'])).toEqual({ ...run, task: 'sweep', olderThanHours: 6 })
  for (const wrong of [['--all'], ['--older-than', '6'], ['--sweep', 'uploads'], ['--sweep', '--stand-ins']])
    expect(() => parseOptions(wrong), wrong.join(' ')).toThrow(Refusal)
  for (const hours of ['-1', 'many'])
    expect(() => parseOptions(['--sweep', `--older-than=${hours}`])).toThrow(/number of hours/)
})
