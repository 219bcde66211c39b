import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDynamo, createS3, ensureBucket } from '../../src/aws/index.ts'
import { Sweeper } from '../../src/cleanup/index.ts'
import { JobExpiry, JobRepository, ResultStore, SourceKeeper } from '../../src/conversions/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { newId } from '../../src/kernel/ids.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { SourceStore, UploadExpiry, UploadRepository } from '../../src/uploads/index.ts'
import { jobRow, objects } from '../support/audit.ts'
import { makeTables, startStores, type SharedStores } from '../support/embedded.ts'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import { newJob } from '../support/jobs.ts'

const opened = new AsyncDisposableStack()
let stores: SharedStores
let line: FaultProxy
let s3: S3Client
let jobs: JobRepository

beforeAll(async () => {
  stores = opened.use(await startStores())
  line = opened.use(await startFaultProxy(stores.endpoints.s3))
  s3 = createS3({ ...stores.settings, s3Endpoint: line.url })
  opened.defer(() => s3.destroy())
  await makeTables(stores, stores.prefix)
  await ensureBucket(s3, stores.bucket)
  jobs = new JobRepository(stores.db, stores.prefix)
})
afterAll(() => opened.disposeAsync())

function sweeper(): Sweeper {
  const common = { clock: systemClock, log: silentLog }
  const repository = new UploadRepository(stores.db, stores.prefix)
  const sources = { keep: () => Promise.resolve(true) }
  return new Sweeper({
    ...common,
    uploads: new UploadExpiry({
      ...common,
      repository,
      store: new SourceStore({ s3, signer: s3, bucket: stores.bucket }),
    }),
    jobs: new JobExpiry({
      ...common,
      jobs,
      results: new ResultStore({ s3, signer: s3, bucket: stores.bucket }),
    }),
    keeper: new SourceKeeper({ ...common, jobs, sources, retentionMs: 1000 }),
    onSwept: () => undefined,
  })
}

/** A job that has ended and expired, with a result. */
async function expired(): Promise<string> {
  const now = Date.now()
  const job = await jobs.add(newJob(now))
  await jobs.cancelQueued(job, now, now - 1000)
  const Key = `results/${job.jobId}/1.mp3`
  await s3.send(new PutObjectCommand({ Bucket: stores.bucket, Key, Body: 'x' }))
  return job.jobId
}

test('what cannot be removed stops nothing else, is counted, and goes the next time', async () => {
  const [first, stuck, last] = [await expired(), await expired(), await expired()]
  line.set({ kind: 'error', only: ({ path }) => path.includes(stuck) })
  expect(await sweeper().sweep({ orphans: false })).toMatchObject({
    ...{ expiredJobs: 2, deletedObjects: 2, freedBytes: 2, failures: 1 },
  })
  const states = async () =>
    Promise.all([first, stuck, last].map(async (id) => (await jobRow(stores, id))?.state))
  expect(await states()).toEqual(['gone', 'deleting', 'gone'])
  expect([...(await objects(stores)).keys()]).toEqual([`results/${stuck}/1.mp3`])

  line.clear()
  expect(await sweeper().sweep({ orphans: false })).toMatchObject({ expiredJobs: 1, failures: 0 })
  expect(await states()).toEqual(['gone', 'gone', 'gone'])
  expect((await objects(stores)).size).toBe(0)
})

test('a sweep that cannot look for waiting jobs says so, and removes no source', async () => {
  const at = Date.now() - 1000
  const times = { createdAt: at, updatedAt: at, expiresAt: at }
  const parts = { size: 1, partSize: 1, partCount: 1, transport: 'proxy' as const, summed: false }
  const shape = { name: 'n', requestHash: 'h', ...parts }
  const uploads = new UploadRepository(stores.db, stores.prefix)
  await uploads.add({ uploadId: newId(), state: 'ready', ...shape, ...times })
  const well = jobs
  await using dynamodb = await startFaultProxy(stores.endpoints.dynamodb)
  await dynamodb.refuse()
  const settings = { ...stores.settings, dynamodbEndpoint: dynamodb.url }
  const db = createDynamo(settings, 'interactive', () => undefined)
  jobs = new JobRepository(db, stores.prefix)
  expect(await sweeper().sweep({ orphans: false })).toMatchObject({ expiredUploads: 0, failures: 2 })
  jobs = well
  expect(await sweeper().sweep({ orphans: false })).toMatchObject({ expiredUploads: 1, failures: 0 })
  db.destroy()
})
