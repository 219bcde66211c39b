import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { GetCommand, QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb'
import path from 'node:path'
import { runProgram } from './program.ts'
import type { SharedStores } from './embedded.ts'
import type { Fleet } from './fleet.ts'
import type { Visitor } from './visitor.ts'

/** Where a live row stands in the `work` index, by its state. */
const PARTITIONS: Record<string, string> = {
  queued: 'queued#0',
  running: 'running#0',
  done: 'expiring#0',
  failed: 'expiring#0',
  cancelled: 'expiring#0',
  deleting: 'expiring#0',
}
const FINAL = ['done', 'failed', 'cancelled']

type Row = Record<string, unknown>

/** A row of the jobs table, as far as the audit looks. */
export type JobRow = {
  jobId: string
  state: string
  fence: number
  attempt: number
  spared: number
  source: { uploadId: string }
  result?: { key: string; size: number }
}

/** Every row of the jobs table. */
export const jobRows = async (stores: Pick<SharedStores, 'db' | 'prefix'>) =>
  (await rowsOf(stores, 'jobs')) as JobRow[]

async function rowsOf(
  { db, prefix }: Pick<SharedStores, 'db' | 'prefix'>,
  table: 'jobs' | 'uploads',
): Promise<Row[]> {
  const rows: Row[] = []
  const TableName = `${prefix}-${table}`
  let start: Row | undefined
  do {
    const scan = new ScanCommand({ TableName, ConsistentRead: true, ExclusiveStartKey: start })
    const { Items = [], LastEvaluatedKey } = await db.send(scan)
    rows.push(...Items)
    start = LastEvaluatedKey
  } while (start)
  return rows
}

export async function jobRow({ db, prefix }: SharedStores, jobId: string): Promise<JobRow | undefined> {
  const TableName = `${prefix}-jobs`
  const { Item } = await db.send(new GetCommand({ TableName, Key: { jobId }, ConsistentRead: true }))
  return Item as JobRow | undefined
}

/** Attempts that count against a job: those that were given back do not. */
export const spentAttempts = ({ attempt, spared }: JobRow) => attempt - spared

/** Every object of the bucket, or those below a prefix: sizes by key. */
export async function objects({ s3, bucket }: SharedStores, prefix = ''): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  let token: string | undefined
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
    )
    for (const { Key = '', Size = 0 } of page.Contents ?? []) found.set(Key, Size)
    token = page.NextContinuationToken
  } while (token !== undefined)
  return found
}

/** Keys of the sound that a job has made so far: neither logs nor receipts. */
export async function soundOf(stores: SharedStores, jobId: string): Promise<string[]> {
  const keys = [...(await objects(stores, `results/${jobId}/`)).keys()]
  return keys.filter((key) => !/\.(log|json)$/.test(key))
}

/** What a fleet at rest must be like, and is not; empty when all is well. */
async function audit({ stores }: Fleet, visitor: Visitor): Promise<string[]> {
  const rows = await jobRows(stores)
  const byId = new Map(rows.map((row) => [row.jobId, row]))
  const contents = await objects(stores)
  const sessions = (await rowsOf(stores, 'uploads')).filter(({ item }) => item === 'session')
  return [
    ...visitor.violations,
    ...[...visitor.acknowledged].flatMap((jobId) => endOf(jobId, byId.get(jobId), visitor)),
    ...(await misplaced(stores, rows)),
    ...(await misplacedUploads(stores, sessions)),
    ...orphans(byId, sessions, contents),
    ...rows.flatMap((row) => lostResult(row, contents)),
  ]
}

/** The audit, a sweep that must find nothing to complain of, and the audit again. */
export async function auditAndSweep(fleet: Fleet, visitor: Visitor): Promise<string[]> {
  const before = await audit(fleet, visitor)
  const env = { ...fleet.env, DATA_DIR: path.join(fleet.stores.folder, 'sweep') }
  const report = JSON.parse(await runProgram(['sweep'], env)) as { failures: number; orphans: number }
  const swept = report.failures + report.orphans === 0 ? [] : [`swept: ${JSON.stringify(report)}`]
  return [...before, ...swept, ...(before.length === 0 ? await audit(fleet, visitor) : [])]
}

function endOf(jobId: string, row: JobRow | undefined, { cancelled }: Visitor): string[] {
  if (!row) return [`${jobId}: acknowledged, and there is no row`]
  if (!FINAL.includes(row.state)) return [`${jobId}: acknowledged, and ${row.state} at the end`]
  if (cancelled.has(jobId) && row.state !== 'cancelled') return [`${jobId}: cancelled, and yet ${row.state}`]
  return []
}

async function misplaced(stores: SharedStores, rows: JobRow[]): Promise<string[]> {
  const places = new Map<string, string[]>()
  for (const queue of new Set(Object.values(PARTITIONS)))
    for (const jobId of await idsIn(stores, WORK, queue))
      places.set(jobId, [...(places.get(jobId) ?? []), queue])
  return rows.flatMap(({ jobId, state }) => {
    const found = places.get(jobId)?.join() ?? ''
    return found === (PARTITIONS[state] ?? '') ? [] : [`${jobId}: ${state}, and indexed in [${found}]`]
  })
}

async function misplacedUploads(stores: SharedStores, sessions: Row[]): Promise<string[]> {
  const found = new Set(await idsIn(stores, EXPIRY, 'expiring#0'))
  return sessions.flatMap(({ uploadId, state }) =>
    found.has(String(uploadId)) === (state !== 'gone')
      ? []
      : [`upload ${String(uploadId)}: ${String(state)}, and wrongly indexed`],
  )
}

const WORK = { table: 'jobs', index: 'work', partition: 'workQueue', id: 'jobId' }
const EXPIRY = { table: 'uploads', index: 'expiry', partition: 'expiryQueue', id: 'uploadId' }

async function idsIn({ db, prefix }: SharedStores, where: typeof WORK, queue: string): Promise<string[]> {
  const { Items = [] } = await db.send(
    new QueryCommand({
      TableName: `${prefix}-${where.table}`,
      IndexName: where.index,
      KeyConditionExpression: '#partition = :queue',
      ExpressionAttributeNames: { '#partition': where.partition },
      ExpressionAttributeValues: { ':queue': queue },
    }),
  )
  return Items.map((item) => String(item[where.id]))
}

function orphans(
  jobs: ReadonlyMap<string, JobRow>,
  sessions: Row[],
  contents: ReadonlyMap<string, number>,
): string[] {
  const states = new Map(sessions.map(({ uploadId, state }) => [uploadId, state]))
  return [...contents.keys()].flatMap((key) => {
    const [room, id = ''] = key.split('/')
    const state = room === 'results' ? jobs.get(id)?.state : states.get(id)
    return state === undefined || state === 'gone' ? [`${key}: an object without a record`] : []
  })
}

function lostResult({ jobId, state, result }: JobRow, contents: ReadonlyMap<string, number>): string[] {
  if (state !== 'done') return []
  const size = contents.get(result?.key ?? '')
  return size === result?.size
    ? []
    : [`${jobId}: done, and its result ${result?.key ?? ''} is ${size ?? 'gone'}`]
}
