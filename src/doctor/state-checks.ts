import { epochSeconds, inspectTable, inspectTtl, type TableDefinition } from '../aws/index.ts'
import { jobsTable } from '../conversions/index.ts'
import { newId } from '../kernel/ids.ts'
import { HOUR_MS } from '../kernel/units.ts'
import { progressTable } from '../progress/index.ts'
import { uploadsTable } from '../uploads/index.ts'
import { fail, ok, type Check } from './check.ts'
import { timeCalls } from './latency.ts'
import type { Patient } from './patient.ts'

/** DynamoDB: tables, their time-to-live, conditional writes, and how fast it is. */
export const stateChecks = (patient: Patient): Check[] => [
  tables(patient),
  ttl(patient),
  state(patient),
  latency(patient),
]

const definitionsOf = ({ config }: Patient): TableDefinition[] => {
  const prefix = config.get().tablePrefix
  return [jobsTable(prefix), uploadsTable(prefix), progressTable(prefix)]
}

const tables = (patient: Patient): Check => ({
  name: 'tables',
  needs: ['credentials'],
  ifItThrows: 'Have DynamoDB reachable and allow dynamodb:DescribeTable on the tables.',
  async look() {
    const { background } = patient.stores.get()
    const found = await Promise.all(
      definitionsOf(patient).map(async (table) => ({
        name: table.name,
        state: await inspectTable(background, table),
      })),
    )
    const wrong = found.flatMap(({ name, state: how }) => {
      switch (how.is) {
        case 'ready':
          return []
        case 'missing':
          return { text: `${name} is missing`, advice: MAKE_TABLES }
        case 'waits':
          return { text: `${name} is ${how.status}`, advice: 'Wait until it is ACTIVE.' }
        case 'differs':
          return { text: `of ${name}, ${how.how}`, advice: OTHER_PREFIX }
      }
    })
    if (wrong.length === 0) return ok(`${found.map(({ name }) => name).join(', ')} are as they should be.`)
    const advice = [...new Set(wrong.map((one) => one.advice))].join(' ')
    return fail(`${wrong.map(({ text }) => text).join('; ')}.`, advice)
  },
})

const MAKE_TABLES =
  'Start `tapedeck serve` once, which makes tables with the permissions dynamodb:CreateTable and UpdateTimeToLive, or ' +
  'correct DYNAMODB_TABLE_PREFIX and AWS_REGION.'
const OTHER_PREFIX = 'Choose another DYNAMODB_TABLE_PREFIX, or remove the table if nothing needs it.'

const ttl = (patient: Patient): Check => ({
  name: 'ttl',
  needs: ['tables'],
  ifItThrows: 'Allow dynamodb:DescribeTimeToLive on the tables.',
  async look() {
    const { background } = patient.stores.get()
    const found = await Promise.all(
      definitionsOf(patient).map(async ({ name }) => ({ name, ttl: await inspectTtl(background, name) })),
    )
    const namesOf = (setting: string) => found.filter((one) => one.ttl === setting).map(({ name }) => name)
    const [off, other, starting] = [namesOf('off'), namesOf('other'), namesOf('starting')]
    if (other.length > 0)
      return fail(
        `${other.join(', ')}: time-to-live goes by another attribute.`,
        'Set it to the attribute `ttl`.',
      )
    if (off.length > 0)
      return fail(
        `${off.join(', ')}: time-to-live is off.`,
        'Start `tapedeck serve` once, or switch it on for `ttl`.',
      )
    if (starting.length > 0)
      return ok(`Time-to-live of ${starting.join(', ')} is being switched on (up to an hour).`)
    return ok('DynamoDB deletes rows of all tables by their `ttl`.')
  },
})

/** So that the row goes by itself should the doctor be killed. */
const ROW_LIFE_MS = HOUR_MS

const state = (patient: Patient): Check => ({
  name: 'state',
  needs: ['tables'],
  ifItThrows:
    'Allow dynamodb:PutItem, GetItem, UpdateItem and BatchWriteItem on the tables; see docs/how-to/doctor.md.',
  async look() {
    const rows = patient.rows.get()
    const id = newId()
    patient.traces.add('row of the state check', () => rows.remove(id))
    const life = epochSeconds(patient.clock.now() + ROW_LIFE_MS)
    const steps: [promise: string, kept: boolean][] = [
      ['a row is written', await rows.add(id, life)],
      ['it is read at once', (await rows.countOf(id)) === 1],
      ['a row that is there is not written again', !(await rows.add(id, life))],
      [
        'a condition that holds lets a write through',
        same(await rows.countOn(id, 1), { won: true, count: 2 }),
      ],
      [
        'one that does not refuses it, with the row',
        same(await rows.countOn(id, 1), { won: false, count: 2 }),
      ],
      ['what is read then is what was written', (await rows.countOf(id)) === 2],
    ]
    const broken = steps.filter(([, kept]) => !kept).map(([promise]) => promise)
    if (broken.length === 0) return ok('A row was written, read, and changed only where its condition held.')
    return fail(
      `Not kept: ${broken.join('; ')}.`,
      'Use a DynamoDB that keeps conditional writes and consistent reads.',
    )
  },
})

const same = (a: { won: boolean; count: number }, b: { won: boolean; count: number }) =>
  a.won === b.won && a.count === b.count

/** Somebody waits for some of the calls, and the service gives those up after a second. */
const SLOW_MS = 250

const latency = (patient: Patient): Check => ({
  name: 'state latency',
  needs: ['state'],
  ifItThrows: 'Have DynamoDB reachable all the time.',
  look() {
    const rows = patient.rows.get()
    const call = () => rows.countOf(newId())
    return timeCalls({ store: 'DynamoDB', clock: patient.clock, slowMs: SLOW_MS, call })
  },
})

/** Waits until DynamoDB deletes a row whose time is over. */
export const liveChecks = (patient: Patient): Check[] =>
  patient.live ? [deletion(patient, patient.live)] : []

const deletion = (patient: Patient, { timeoutMs, pollMs }: { timeoutMs: number; pollMs: number }): Check => ({
  name: 'ttl deletion',
  needs: ['ttl', 'state'],
  ifItThrows: 'Run `tapedeck doctor --live` again.',
  async look(signal) {
    const { clock } = patient
    const rows = patient.rows.get()
    const id = newId()
    try {
      const begunAt = clock.now()
      await rows.add(id, epochSeconds(begunAt))
      while (clock.now() - begunAt < timeoutMs) {
        await clock.sleep(pollMs, signal)
        signal.throwIfAborted()
        if ((await rows.countOf(id)) === undefined)
          return ok(`A row was deleted ${span(clock.now() - begunAt)} after its time was over.`)
      }
      const found = `A row was still there ${span(timeoutMs)} after its time was over.`
      return fail(found, 'Give it longer with --live-timeout: DynamoDB says "within a few days".')
    } finally {
      await rows.remove(id)
    }
  },
})

const span = (ms: number) => (ms < HOUR_MS ? `${Math.round(ms / 1000)} s` : `${(ms / HOUR_MS).toFixed(1)} h`)
