import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { CreateMultipartUploadCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createDynamo, createS3, ensureBucket, ensureTable } from '../../src/aws/index.ts'
import { jobsTable } from '../../src/conversions/index.ts'
import { HOUR_MS } from '../../src/kernel/units.ts'
import { startStandIns } from '../aws/stand-ins.ts'
import { leaveNothing } from '../aws/suites.ts'
import { sweep } from '../aws/sweep.ts'
import { makeDataDir } from '../support/embedded.ts'
import { openRemovers } from '../support/leftovers.ts'

const MAIN = path.resolve(import.meta.dirname, '../aws/main.ts')
/** Of a run that was killed, and what is not of the tests, however like it is called. */
const CRASHED = ['td-test-dead-1', 'td-test-dead-2']
const OTHERS = ['td-tests', 'tapedeck']

let standIns: Awaited<ReturnType<typeof startStandIns>>
let clients: ReturnType<typeof openRemovers>
let settings: Parameters<typeof createS3>[0]
beforeAll(async () => {
  standIns = await startStandIns()
  const { AWS_REGION: region, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...urls } = standIns.env
  settings = {
    ...{ region, s3Endpoint: urls.AWS_ENDPOINT_URL_S3, dynamodbEndpoint: urls.AWS_ENDPOINT_URL_DYNAMODB },
    credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
  }
  clients = openRemovers(settings)
})
afterAll(async () => {
  clients[Symbol.dispose]()
  await standIns[Symbol.asyncDispose]()
})
beforeEach(() => make(...OTHERS))

/** A table and a bucket of each name, with an object and an unfinished upload in it. */
async function make(...names: string[]): Promise<void> {
  const [db, s3] = [createDynamo(settings, 'background', () => undefined), createS3(settings)]
  for (const name of names) {
    await ensureTable(db, jobsTable(name))
    await ensureBucket(s3, name)
    await s3.send(new PutObjectCommand({ Bucket: name, Key: 'uploads/one/source', Body: 'bytes' }))
    await s3.send(new CreateMultipartUploadCommand({ Bucket: name, Key: 'uploads/two/source' }))
  }
  db.destroy()
  s3.destroy()
}

async function whatIsThere(): Promise<{ tables: string[]; buckets: string[] }> {
  const { TableNames = [] } = await clients.db.send(new ListTablesCommand())
  const { Buckets = [] } = await clients.s3.send(new ListBucketsCommand())
  return { tables: TableNames.sort(), buckets: Buckets.map(({ Name = '' }) => Name).sort() }
}
const madeOf = (names: string[]) => ({
  tables: names.map((name) => jobsTable(name).name).sort(),
  buckets: [...names].sort(),
})

/** The command in an environment with nothing but this; no machine of AWS is asked for keys. */
async function run(args: string[], env: Record<string, string>) {
  await using home = await makeDataDir()
  const bare = { PATH: process.env['PATH'], HOME: home.path, AWS_EC2_METADATA_DISABLED: 'true' }
  const flags = ['--disable-warning=ExperimentalWarning', MAIN, ...args]
  const running = promisify(execFile)(process.execPath, flags, { env: { ...bare, ...env } })
  running.child.stdin?.end()
  return await running.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: unknown) => error as { code: number; stdout: string; stderr: string },
  )
}

test('a sweep removes what killed runs left, with all that is in it, names it, and touches nothing else', async () => {
  await make(...CRASHED)
  const { code, stdout } = await run(['--sweep'], standIns.env)
  expect(code).toBe(0)
  for (const name of CRASHED) {
    expect(stdout).toContain(`table ${name}-jobs\n`)
    expect(stdout).toContain(`bucket ${name}\n`)
  }
  for (const name of OTHERS) expect(stdout).not.toMatch(new RegExp(`(table|bucket) ${name}`))
  expect(await whatIsThere()).toEqual(madeOf(OTHERS))
  expect((await run(['--sweep'], standIns.env)).stdout).toContain('Nothing of the tests was there')
})

test('what is younger than was asked for stays', async () => {
  await make(...CRASHED)
  expect((await run(['--sweep', '--older-than', '1'], standIns.env)).code).toBe(0)
  expect(await whatIsThere()).toEqual(madeOf([...CRASHED, ...OTHERS]))
  const inAnHour = Date.now() + HOUR_MS
  const { failures } = await sweep(clients, { prefix: 'td-test-', before: inAnHour })
  expect(failures).toEqual([])
  expect(await whatIsThere()).toEqual(madeOf(OTHERS))
})

test.each([
  ['passes', () => Promise.resolve(0), 0],
  ['fails', () => Promise.resolve(3), 3],
  ['breaks', () => Promise.reject(new Error('no vitest')), 1],
])('of a run that %s nothing stays, and what another one has made does', async (_, end, expected) => {
  await make('td-test-other-1')
  const { code, report } = await leaveNothing(clients, 'mine', async () => {
    await make('td-test-mine-1')
    return end()
  })
  expect(code).toBe(expected)
  expect(report).toContain('bucket td-test-mine-1\n')
  expect(await whatIsThere()).toEqual(madeOf([...OTHERS, 'td-test-other-1']))
  await sweep(clients, { prefix: 'td-test-', before: Infinity })
})

test('suites run on AWS as the SDK finds it, after what they cost was said, and leave nothing', async () => {
  const { code, stdout, stderr } = await run(['--yes', 'test/integration/tables.test.ts'], standIns.env)
  expect(`${stdout}${stderr}`).toMatch(/A run of all suites asks for[^]*is called td-test-[^]*4 passed/)
  expect(code).toBe(0)
  expect(await whatIsThere()).toEqual(madeOf(OTHERS))
})

test('without a region, credentials, or a word that the cost is agreed to, nothing is begun', async () => {
  const keys = { AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' }
  const refusals = [
    [['--yes'], keys, /^There is no region: set AWS_REGION, .*\n$/],
    [['--yes'], { AWS_REGION: 'eu-central-1' }, /^There are no AWS credentials: .*\n$/],
    [[], standIns.env, /^Nothing was begun: say --yes .*\n$/],
    [['--everything'], standIns.env, /^Unknown option '--everything'.*\n$/],
  ] as const
  for (const [args, env, words] of refusals) {
    const { code, stdout, stderr } = await run([...args], env)
    expect([code, stderr]).toEqual([2, expect.stringMatching(words)])
    expect(stdout).not.toContain('RUN')
  }
  expect(await whatIsThere()).toEqual(madeOf(OTHERS))
})
