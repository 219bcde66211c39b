import { CreateTableCommand, DeleteTableCommand, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { ListBucketsCommand, ListMultipartUploadsCommand, PutBucketCorsCommand } from '@aws-sdk/client-s3'
import { DeleteCommand, ScanCommand } from '@aws-sdk/lib-dynamodb'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { ensureBucket } from '../../src/aws/index.ts'
import { partsOf } from '../../src/cli/doctor.ts'
import { diagnose, type CheckResult, type DoctorParts } from '../../src/doctor/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/kernel/units.ts'
import { objects } from '../support/audit.ts'
import { storesAreAws } from '../support/elsewhere.ts'
import { makeTables, startStores, type SharedStores } from '../support/embedded.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { TEST_PREFIX } from '../support/leftovers.ts'
import { startProgram } from '../support/program.ts'
import { writeScript } from '../support/tools.ts'
import { createTurnedClock } from '../support/turned-clock.ts'

// A conversion of some seconds each, on a machine that may do much else.
vi.setConfig({ testTimeout: 180_000 })

/** Embedded stores over the wire: to the doctor they are any S3 and any DynamoDB. */
let stores: SharedStores
let env: Record<string, string>
beforeAll(async () => {
  stores = await startStores()
  await Promise.all([ensureBucket(stores.s3, stores.bucket), makeTables(stores, stores.prefix)])
  env = { ...stores.env, DATA_DIR: path.join(stores.folder, 'doctor') }
  letIn(stores.env.AWS_SECRET_ACCESS_KEY)
})
afterEach(() => letIn(stores.env.AWS_SECRET_ACCESS_KEY))
afterAll(async () => {
  vi.unstubAllEnvs()
  await stores[Symbol.asyncDispose]()
})

/** The SDK looks for credentials in the environment itself. */
function letIn(secret: string): void {
  vi.stubEnv('AWS_ACCESS_KEY_ID', stores.env.AWS_ACCESS_KEY_ID)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secret)
}

type Examination = {
  rest?: Partial<DoctorParts>
  signal?: AbortSignal
  onResult?: (one: CheckResult) => void
}

/** What the doctor finds, by check. It runs its job itself at once unless told otherwise. */
async function examine(
  own: Record<string, string> = {},
  { rest, signal = new AbortController().signal, onResult }: Examination = {},
) {
  const parts = partsOf({ ...env, ...own }, { waitForWorkersMs: 0, ...rest })
  const found = new Map<string, CheckResult>()
  for await (const result of diagnose(parts, signal)) {
    found.set(result.name, result)
    onResult?.(result)
  }
  const named = (status: string) =>
    [...found.values()].filter((one) => one.status === status).map(({ name }) => name)
  return {
    found: (name: string) => found.get(name),
    ...{ failed: named('fail'), skipped: named('skipped'), warned: named('warn') },
  }
}

/** Other tests may be at work in the same S3. */
const isOfOthers = (name: string) => name.startsWith(TEST_PREFIX) && !name.startsWith(stores.prefix)

/** Everything that lies in the stores: rows by table, objects, unfinished uploads, tables and buckets. */
async function contents() {
  const { db, s3, bucket, prefix } = stores
  const tables = (await db.send(new ListTablesCommand())).TableNames?.filter((name) =>
    name.startsWith(prefix),
  )
  const rows = await Promise.all(
    (tables ?? []).map(async (TableName) => {
      const { Items = [] } = await db.send(new ScanCommand({ TableName, ConsistentRead: true }))
      return { TableName, Items }
    }),
  )
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  const { Buckets = [] } = await s3.send(new ListBucketsCommand())
  const buckets = Buckets.map(({ Name = '' }) => Name).filter((name) => !isOfOthers(name))
  return { rows, objects: await objects(stores), uploads: Uploads, buckets }
}

async function leavingNothing<Result>(run: () => Promise<Result>): Promise<Result> {
  const before = await contents()
  const result = await run()
  expect(await contents()).toEqual(before)
  return result
}

/** A line of ours is put before a store, which is not done to AWS. */
const testOnLine = test.skipIf(storesAreAws)

/** S3 here has no lifecycle rules. */
const OF_THIS_S3 = ['lifecycle']

test('of a healthy installation nothing fails, and nothing of the doctor stays', async () => {
  const { found, failed, warned, skipped } = await leavingNothing(() => examine())
  expect({ failed, warned, skipped }).toEqual({ failed: [], warned: OF_THIS_S3, skipped: ['cors'] })
  expect(found('conversion')?.found).toMatch(/120 s of sound became flac .* the doctor itself/)
  expect(found('progress')?.found).toMatch(/^[1-9]\d* rows of progress were read/)
  expect(found('objects')?.found).toContain('9 MiB went up in 2 parts')
})

test('beside a running installation a worker of that takes the job, and nothing of the doctor stays', async () => {
  await using program = await startProgram({ env: { ...env, DATA_DIR: path.join(stores.folder, 'program') } })
  const { found, failed } = await examine({}, { rest: { waitForWorkersMs: MINUTE_MS } })
  expect(failed).toEqual([])
  expect(found('conversion')?.found).toContain('a worker of the installation')
  expect(program.output()).toContain('"conversion ended"')
  const { rows, objects: left, uploads } = await contents()
  expect({ left, uploads }).toEqual({ left: new Map(), uploads: [] })
  // The page of the program is its own.
  const others = rows.filter(({ TableName }) => TableName !== `${stores.prefix}-progress`)
  expect(others.flatMap(({ Items }) => Items.map(({ state }) => String(state)))).toEqual([])
})

test('parts and results that go straight to S3 are carried so', async () => {
  const { s3, bucket } = stores
  const direct = { UPLOAD_TRANSPORT: 'direct', DOWNLOAD_TRANSPORT: 'direct' }
  const before = await examine(direct)
  expect(before.failed).toEqual(['cors'])
  expect(before.found('cors')).toMatchObject({ found: expect.stringContaining('no CORS rule') as string })
  const rule = (AllowedMethods: string[]) => ({
    AllowedMethods,
    AllowedOrigins: ['*'],
    AllowedHeaders: ['*'],
  })
  const setRule = (methods: string[]) =>
    s3.send(new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration: { CORSRules: [rule(methods)] } }))
  await setRule(['GET'])
  const refusing = await examine({ ...direct, FFMPEG_PATH: '/nowhere' })
  expect(refusing.found('cors')).toMatchObject({ status: 'fail' })
  await setRule(['PUT'])
  const letting = await examine({ ...direct, FFMPEG_PATH: '/nowhere' })
  expect(letting.found('cors')).toMatchObject({ status: 'ok' })
})

/** What needs one table or another. */
const ON_TABLES = ['ttl', 'state', 'state latency', 'conversion', 'progress']

test('a table that is missing is named and not made, and S3 is looked at all the same', async () => {
  const prefix = `${stores.prefix}-less`
  await makeTables(stores, prefix)
  await stores.db.send(new DeleteTableCommand({ TableName: `${prefix}-progress` }))
  const { found, failed, skipped } = await leavingNothing(() => examine({ DYNAMODB_TABLE_PREFIX: prefix }))
  expect(failed).toEqual(['tables'])
  expect(found('tables')).toMatchObject({ found: `${prefix}-progress is missing.` })
  expect(found('tables')?.advice).toContain('Start `tapedeck serve` once')
  expect(skipped).toEqual([...ON_TABLES.slice(0, 3), 'cors', ...ON_TABLES.slice(3)])
  expect(found('ttl')?.found).toBe('It needs "tables".')
  expect(found('objects')).toMatchObject({ status: 'ok' })
})

test('a table with other keys is told with the difference', async () => {
  const prefix = `${stores.prefix}-other`
  await makeTables(stores, prefix)
  const TableName = `${prefix}-jobs`
  await stores.db.send(new DeleteTableCommand({ TableName }))
  await stores.db.send(
    new CreateTableCommand({
      ...{ TableName, BillingMode: 'PAY_PER_REQUEST' },
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  )
  const { found, failed } = await leavingNothing(() => examine({ DYNAMODB_TABLE_PREFIX: prefix }))
  expect(failed).toEqual(['tables'])
  expect(found('tables')?.found).toBe(`of ${prefix}-jobs, its key is id HASH, expected jobId HASH.`)
})

test('time-to-live that is off is told', async () => {
  const prefix = `${stores.prefix}-lasting`
  await makeTables(stores, prefix)
  const TableName = `${prefix}-progress`
  await stores.db.send(new DeleteTableCommand({ TableName }))
  await stores.db.send(
    new CreateTableCommand({
      ...{ TableName, BillingMode: 'PAY_PER_REQUEST' },
      AttributeDefinitions: [{ AttributeName: 'workerId', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'workerId', KeyType: 'HASH' }],
    }),
  )
  const { found, failed } = await examine({ DYNAMODB_TABLE_PREFIX: prefix, FFMPEG_PATH: '/nowhere' })
  expect(failed).toEqual(['ffmpeg', 'ttl'])
  expect(found('ttl')?.found).toBe(`${prefix}-progress: time-to-live is off.`)
})

test('a bucket that is not there is told and not made, and DynamoDB is looked at all the same', async () => {
  const missing = `${stores.bucket}-gone` // a name that nobody else has, either
  const { found, failed } = await leavingNothing(() => examine({ S3_BUCKET_NAME: missing }))
  expect(failed).toEqual(['bucket'])
  expect(found('bucket')?.found).toBe(`There is no bucket ${missing}.`)
  expect(found('state')).toMatchObject({ status: 'ok' })
  expect(found('conversion')).toMatchObject({ status: 'skipped' })
})

test.each([
  [20 * MINUTE_MS, 'fail', /1[12]\d\d s ahead of that of DynamoDB and .* requests signed by it are refused/],
  [-6 * MINUTE_MS, 'fail', /3\d\d s behind that of DynamoDB/],
  [MINUTE_MS, 'warn', /[56]\d s ahead of that of DynamoDB and [56]\d s ahead of that of S3\.$/],
])('a clock that is wrong by %i ms is a %s', async (ms, status, words) => {
  const { clock, turn } = createTurnedClock()
  turn(ms)
  const { found } = await examine({ FFMPEG_PATH: '/nowhere' }, { rest: { clock } })
  expect(found('clock')).toMatchObject({ status, found: expect.stringMatching(words) as string })
})

test('without FFmpeg only what needs it is skipped', async () => {
  const { found, failed, skipped } = await leavingNothing(() => examine({ FFMPEG_PATH: '/nowhere/ffmpeg' }))
  expect(failed).toEqual(['ffmpeg'])
  expect(found('ffmpeg')?.found).toContain('/nowhere/ffmpeg does not run')
  expect(skipped).toEqual(['cors', 'conversion', 'progress'])
})

test('formats that FFmpeg has no encoder for are named, and the rest is tried', async () => {
  const script = path.join(stores.folder, 'lacking')
  const lacking = [
    'case "$*" in',
    '  *-encoders*) ffmpeg -hide_banner -encoders | grep -v -e lame -e opus ;;',
  ]
  await writeScript(script, ...lacking, '  *) exec ffmpeg "$@" ;;', 'esac')
  const { found, failed } = await examine({ FFMPEG_PATH: script })
  expect(failed).toEqual([])
  expect(found('ffmpeg')).toMatchObject({
    status: 'warn',
    found: expect.stringContaining('has no encoder for mp3, opus, webm') as string,
  })
  expect(found('conversion')).toMatchObject({ status: 'ok' })
})

test('a conversion that fails is told in its own words, and nothing of it stays', async () => {
  const script = path.join(stores.folder, 'failing')
  await writeScript(
    script,
    ...['case "$*" in', '  *-version*|*-encoders*) exec ffmpeg "$@" ;;', '  *) exit 1 ;;', 'esac'],
  )
  const { found, failed, skipped } = await leavingNothing(() => examine({ FFMPEG_PATH: script }))
  expect(failed).toEqual(['conversion'])
  expect(found('conversion')?.found).toMatch(/^The job ended failed: ./)
  expect(skipped).toContain('progress')
})

test('credentials that S3 does not take are told, and no secret is', async () => {
  const [secret, adminKey] = ['a-wrong-secret-that-nobody-may-read', 'an-admin-key-nobody-may-read']
  letIn(secret)
  const said: CheckResult[] = []
  const own = { AWS_SECRET_ACCESS_KEY: secret, ADMIN_KEY: adminKey }
  const { found, failed } = await examine(own, { onResult: (one) => said.push(one) })
  expect(failed).toEqual(['credentials'])
  expect(found('credentials')?.found).toContain('S3 does not take the credentials: SignatureDoesNotMatch')
  expect(found('tables')).toMatchObject({ status: 'skipped' })
  expect(JSON.stringify(said)).not.toMatch(new RegExp(`${secret}|${adminKey}`))
})

test('what a store says of secrets is blotted out', async () => {
  const said: CheckResult[] = []
  const configure = () => {
    throw new Error('The key is 1234567890abcdef!')
  }
  await examine({}, { rest: { configure, secrets: ['1234567890abcdef'] }, onResult: (one) => said.push(one) })
  expect(said[0]).toMatchObject({ name: 'configuration', status: 'fail', found: 'The key is …!' })
})

testOnLine('links to where nobody listens fail where they are wanted', async () => {
  await using line = await startFaultProxy(stores.endpoints.s3)
  await line.refuse()
  const own = { S3_PUBLIC_ENDPOINT: line.url, FFMPEG_PATH: '/nowhere' }
  const { found, failed } = await leavingNothing(() => examine(own))
  expect(failed).toEqual(['ffmpeg', 'links'])
  expect(found('links')?.found).toContain(
    `Links to ${line.url} cannot be followed from this machine: connect ECONN`,
  )
  expect(found('links')?.advice).toContain('S3_PUBLIC_ENDPOINT')
})

testOnLine('a store that is away takes only along what needs it', async () => {
  await using line = await startFaultProxy(stores.endpoints.dynamodb)
  await line.refuse()
  const { found, failed } = await leavingNothing(() => examine({ DYNAMODB_ENDPOINT: line.url }))
  expect(failed).toEqual(['tables'])
  expect(found('tables')?.found).toContain('ECONNREFUSED')
  expect(found('objects')).toMatchObject({ status: 'ok' })
})

test('an old Node is told', async () => {
  const { found } = await examine({ PORT: 'many' }, { rest: { nodeVersion: 'v22.18.0' } })
  expect(found('node')).toMatchObject({ status: 'warn', advice: 'Install Node 24.' })
})

testOnLine(
  'a role that may not delete rows of jobs and pages leaves them to their ttl, and says so',
  async () => {
    const { db, prefix } = stores
    await makeTables(stores, `${prefix}-least`)
    await using line = await startFaultProxy(stores.endpoints.dynamodb)
    line.set({ kind: 'deny', only: ({ operation }) => operation === 'DeleteItem' })
    const own = { DYNAMODB_ENDPOINT: line.url, DYNAMODB_TABLE_PREFIX: `${prefix}-least` }
    const { found, failed } = await examine(own)
    expect(failed).toEqual([])
    expect(found('cleanup')?.found).toMatch(/Of job and own worker a row stays for some days, by its ttl/)
    const rowsOf = async (name: string) =>
      (await db.send(new ScanCommand({ TableName: `${prefix}-least-${name}`, ConsistentRead: true }))).Items
    expect(await rowsOf('uploads')).toEqual([])
    expect(await rowsOf('jobs')).toEqual([
      expect.objectContaining({ state: 'gone', ttl: expect.any(Number) as number }),
    ])
    expect(await rowsOf('progress')).toEqual([
      expect.objectContaining({ jobs: {}, ttl: expect.any(Number) as number }),
    ])
  },
)

testOnLine('a call that a role may not make fails its check in the words of the store', async () => {
  await using line = await startFaultProxy(stores.endpoints.dynamodb)
  line.set({ kind: 'deny', only: ({ operation }) => operation === 'PutItem' })
  const { found, failed, skipped } = await leavingNothing(() => examine({ DYNAMODB_ENDPOINT: line.url }))
  expect(failed).toEqual(['state'])
  expect(found('state')?.found).toContain('AccessDenied')
  expect(found('state')?.advice).toContain('dynamodb:PutItem')
  expect(skipped).toEqual(['state latency', 'cors', 'conversion', 'progress'])
})

test('mistakes in the environment are all named, and nothing else is looked at', async () => {
  const { found, failed } = await examine({ PORT: 'many', RETENTION_HOURS: '0' })
  expect(failed).toEqual(['configuration'])
  expect(found('configuration')?.found).toMatch(/PORT: .*RETENTION_HOURS: /)
  expect(found('node')).toMatchObject({ status: 'ok' })
  expect(found('stores')).toMatchObject({ status: 'skipped' })
})

test('a doctor that is stopped in the middle of a conversion leaves nothing either', async () => {
  const stopping = new AbortController()
  // Looked at once its own job runs: the clock sleeps between two looks only.
  const clock = {
    ...systemClock,
    async sleep(ms: number, signal?: AbortSignal) {
      if (await isRunning()) stopping.abort(new Error('The doctor was stopped.'))
      await systemClock.sleep(ms, signal)
    },
  }
  const { found, failed } = await leavingNothing(() =>
    examine({}, { rest: { clock }, signal: stopping.signal }),
  )
  expect(failed).toEqual(['conversion'])
  expect(found('conversion')?.found).toBe('The doctor was stopped.')
  expect(found('cleanup')).toMatchObject({ status: 'ok' })
})

async function isRunning(): Promise<boolean> {
  const { db, prefix } = stores
  const { Items = [] } = await db.send(new ScanCommand({ TableName: `${prefix}-jobs`, ConsistentRead: true }))
  return Items.some(({ state }) => state === 'running')
}

/** Deletes what is over, as DynamoDB does in its own time. */
async function deleteExpired(): Promise<number> {
  const { db, prefix } = stores
  const TableName = `${prefix}-uploads`
  const { Items = [] } = await db.send(new ScanCommand({ TableName, ConsistentRead: true }))
  const over = Items.filter(({ ttl }) => Number(ttl) * SECOND_MS <= Date.now() + SECOND_MS)
  for (const { uploadId, item } of over as { uploadId: string; item: string }[])
    await db.send(new DeleteCommand({ TableName, Key: { uploadId, item } }))
  return over.length
}

test('live, it waits until the engine has deleted a row whose time is over', async () => {
  let deleted = 0
  const clock = {
    ...systemClock,
    async sleep(ms: number, signal?: AbortSignal) {
      deleted += await deleteExpired()
      await systemClock.sleep(ms, signal)
    },
  }
  const rest = { clock, live: { timeoutMs: MINUTE_MS, pollMs: 10 } }
  const { found } = await leavingNothing(() => examine({ FFMPEG_PATH: '/nowhere' }, { rest }))
  expect(found('ttl deletion')).toMatchObject({
    status: 'ok',
    found: expect.stringMatching(/^A row was deleted \d+ s after its time was over\.$/) as string,
  })
  expect(deleted).toBe(1)
})

test('live, it gives up in the end where nobody deletes the row, and removes it', async () => {
  const { clock, turn } = createTurnedClock()
  const waiting = {
    ...clock,
    async sleep(ms: number, signal?: AbortSignal) {
      turn(ms)
      await clock.sleep(0, signal)
    },
  }
  const rest = { clock: waiting, live: { timeoutMs: 48 * HOUR_MS, pollMs: HOUR_MS } }
  const { found } = await leavingNothing(() => examine({ FFMPEG_PATH: '/nowhere' }, { rest }))
  expect(found('ttl deletion')).toMatchObject({
    status: 'fail',
    found: 'A row was still there 48.0 h after its time was over.',
  })
})
