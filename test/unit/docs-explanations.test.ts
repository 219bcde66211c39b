import { expect, test } from 'vitest'
import { Job } from '../../src/conversions/job.ts'
import { BEGINS, ENDS } from '../../src/conversions/phases.ts'
import { EXPIRING, QUEUED, RUNNING } from '../../src/conversions/work-index.ts'
import { jobsTable } from '../../src/conversions/index.ts'
import { progressTable } from '../../src/progress/index.ts'
import { Page } from '../../src/progress/page.ts'
import { Session } from '../../src/uploads/upload.ts'
import { uploadsTable } from '../../src/uploads/index.ts'
import { blocks, read, rows } from './markdown.ts'

const architecture = await read('docs/explanation/architecture.md')
const diagrams = blocks(architecture, 'mermaid')
const chapter = (title: string) => architecture.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? ''

/** States that a diagram names, at either end of an arrow. */
function drawn(title: string): string[] {
  const [diagram = ''] = blocks(chapter(title), 'mermaid')
  const ends = [...diagram.matchAll(/^ +(\S+) --> (\S+)/gm)].flatMap(([, from = '', to = '']) => [from, to])
  return [...new Set(ends.filter((name) => name !== '[*]'))].sort()
}

test('the diagrams have every state of an upload and of a job, and no other', () => {
  expect(drawn('An upload')).toEqual([...Session.shape.state.options].sort())
  expect(drawn('A job')).toEqual([...Job.shape.state.options].sort())
})

test('partitions of the work index are called as they are', () => {
  for (const partition of [QUEUED, RUNNING, EXPIRING]) expect(chapter('A job')).toContain(`\`${partition}\``)
})

test('the tables are drawn with their own keys, indexes and attributes', () => {
  const [diagram = ''] = diagrams.filter((text) => text.startsWith('erDiagram'))
  const tables = { UPLOADS: uploadsTable(''), JOBS: jobsTable(''), PROGRESS: progressTable('') }
  const shapes = { UPLOADS: Session.shape, JOBS: Job.shape, PROGRESS: Page.shape }
  for (const [name, { key, index }] of Object.entries(tables)) {
    const [, body = ''] = new RegExp(`${name} \\{([^}]*)\\}`).exec(diagram) ?? []
    const attributes = [...body.matchAll(/^ +\w+ (\w+)(?: (PK))?(?: "(.*)")?$/gm)]
    const named = (of: (match: RegExpMatchArray) => boolean) =>
      attributes.filter(of).map(([, attribute = '']) => attribute)
    expect(named(([, , pk]) => pk === 'PK')).toEqual([key.partition, key.sort].filter(Boolean))
    const indexed = index ? [index.key.partition, index.key.sort] : []
    expect(named(([, , , note]) => note === `index ${index?.name}`)).toEqual(indexed)
    const known = [...Object.keys(shapes[name as keyof typeof shapes]), ...indexed, 'item', 'inbox', 'ttl']
    expect(named(() => true).filter((attribute) => !known.includes(attribute))).toEqual([])
  }
})

test('phases are documented with the percents that they have', async () => {
  const documented = rows(await read('docs/explanation/progress.md'))
  const begins = Object.entries(BEGINS)
  const expected = begins.map(([phase, from], at) => [phase, `${from}`, `${begins[at + 1]?.[1] ?? ENDS}`])
  expect(documented).toEqual(expected)
})

test('what a job costs is the sum that its units make', async () => {
  const [, table = ''] = (await read('docs/how-to/dynamodb.md')).split('## What a job costs')
  const text = table.split('\n## ')[0] ?? ''
  const [ofWrites, ofReads] =
    /\$([\d.]+) for a million write and \$([\d.]+)/.exec(text)?.slice(1).map(Number) ?? []
  const priceOf: Record<string, number | undefined> = { write: ofWrites, read: ofReads }
  const lines = text.split('\n').filter((line) => /\| (write|read) +\|/.test(line))
  const parsed = lines.map((line) => line.split('|').map((cell) => cell.trim().replaceAll(',', '')))
  expect(parsed.length).toBeGreaterThan(3)
  const total = { write: 0, read: 0, dollars: 0 }
  for (const [, , units, kind = '', thousand, dollars] of parsed) {
    expect(Number(thousand)).toBe(Number(units) * 1000)
    const exact = (Number(thousand) * (priceOf[kind] ?? NaN)) / 1e6
    expect(Number(dollars)).toBeCloseTo(exact, 4)
    total[kind as 'write' | 'read'] += Number(thousand)
    total.dollars += exact
  }
  const said = /Together ([\d,]+) write and ([\d,]+) read units: \$([\d.]+)/.exec(text) ?? []
  const [, writes, reads, sum] = said.map((one) => Number(one.replaceAll(',', '')))
  expect([writes, reads]).toEqual([total.write, total.read])
  expect(sum).toBeCloseTo(total.dollars, 4)
})
