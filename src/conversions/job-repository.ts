import { PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import {
  BatchReader,
  conditionalUpdate,
  named,
  orConditionFailed,
  projection,
  sortableTime,
  tombstoneTtl,
  type TableDefinition,
} from '../aws/index.ts'
import { Job, type LeasedJob } from './job.ts'
import { EXPIRING, ownerOf, QUEUED, readyAtOf, RUNNING, workKeys } from './work-index.ts'

const SCHEMA_VERSION = 1
const ATTRIBUTES = Object.keys(Job.shape)
const INDEX = 'work'

export const jobsTable = (prefix: string): TableDefinition => ({
  name: `${prefix}-jobs`,
  key: { partition: 'jobId' },
  index: { name: INDEX, key: { partition: 'workQueue', sort: 'workOrder' } },
})

/** What a worker may change about the job it holds. */
export type Settlement = Partial<Job> & Pick<Job, 'state'>

/** Jobs as rows. Every row is parsed; every write is conditional and recognises its own lost answer. */
export class JobRepository {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  readonly #rows: BatchReader

  constructor(db: DynamoDBDocumentClient, tablePrefix: string) {
    this.#db = db
    this.#table = jobsTable(tablePrefix).name
    const row = { key: 'jobId', attributes: ATTRIBUTES, pattern: 'job-read' }
    this.#rows = new BatchReader(db, { name: this.#table, ...row })
  }

  /** Queues a new job. When there is one of this id already, that one is given. */
  async add(job: Job): Promise<Job> {
    const put = new PutCommand({
      TableName: this.#table,
      Item: { ...job, v: SCHEMA_VERSION, ...workKeys(job) },
      ConditionExpression: 'attribute_not_exists(jobId)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
    const answer = await orConditionFailed(this.#db.send(named('job-add', put)))
    return 'row' in answer ? Job.parse(answer.row) : job
  }

  async find(jobId: string): Promise<Job | undefined> {
    const row = await this.#rows.read(jobId)
    return row && Job.parse(row)
  }

  /** Ids of jobs whose turn has come, the most urgent first. The index may lag: a claim decides. */
  async listQueued(limit: number, now: number): Promise<string[]> {
    const rows = await this.#listWork('queue-poll', QUEUED, { limit })
    return rows.filter(({ workOrder }) => readyAtOf(workOrder) <= now).map(({ jobId }) => jobId)
  }

  /** Ids of jobs in somebody's hands, with that worker's id. */
  async listRunning(): Promise<{ jobId: string; owner: string }[]> {
    const rows = await this.#listWork('running-list', RUNNING, {})
    return rows.map(({ jobId, workOrder }) => ({ jobId, owner: ownerOf(workOrder) }))
  }

  /** The order of the first jobs of the queue, as {@link workKeys} writes it. */
  async listOrders(limit: number): Promise<string[]> {
    return (await this.#listWork('queue-orders', QUEUED, { limit })).map(({ workOrder }) => workOrder)
  }

  /** Ids of ended jobs whose time is over, the oldest first. The index may lag: {@link markDeleting} decides. */
  async listExpired(now: number, limit: number): Promise<string[]> {
    const rows = await this.#listWork('expired-jobs', EXPIRING, { limit, before: sortableTime(now) })
    return rows.map(({ jobId }) => jobId)
  }

  /** Takes an ended job that is expired by then out of everybody's hands; false when it is not, or gone already. */
  async markDeleting(jobId: string, now: number, { expiredBy = now } = {}): Promise<boolean> {
    const states = { ifQueued: 'queued', ifRunning: 'running', ifGone: 'gone' }
    const input = conditionalUpdate(
      { state: 'deleting', updatedAt: now },
      {
        expression: '#expiresAt <= :ifExpiredBy AND NOT #state IN (:ifQueued, :ifRunning, :ifGone)',
        names: ['expiresAt'],
        values: { ifExpiredBy: expiredBy, ...states },
      },
    )
    return !('row' in (await orConditionFailed(this.#update('job-remove', jobId, input))))
  }

  /** Leaves a tombstone of a job that owns nothing any more; only now may TTL take it. */
  async bury(jobId: string, now: number): Promise<void> {
    const ttl = tombstoneTtl(now)
    const input = conditionalUpdate(
      { state: 'gone', ttl, workQueue: undefined, workOrder: undefined },
      { expression: '#state = :ifDeleting', names: [], values: { ifDeleting: 'deleting' } },
    )
    await orConditionFailed(this.#update('job-remove', jobId, input))
  }

  async #listWork(
    pattern: string,
    queue: string,
    { limit, before }: { limit?: number; before?: string | undefined },
  ) {
    const query = new QueryCommand({
      TableName: this.#table,
      IndexName: INDEX,
      KeyConditionExpression: `workQueue = :queue${before === undefined ? '' : ' AND workOrder < :before'}`,
      ExpressionAttributeValues: { ':queue': queue, ...(before !== undefined && { ':before': before }) },
      ...projection(['jobId', 'workOrder']),
      Limit: limit,
    })
    const { Items = [] } = await this.#db.send(named(pattern, query))
    return Items.map((item) => ({ jobId: String(item['jobId']), workOrder: String(item['workOrder']) }))
  }

  /** Gives a queued job to a worker under a new fence; undefined when somebody else was faster. */
  async claim(
    job: Job,
    lease: { owner: string; nonce: string; now: number },
  ): Promise<LeasedJob | undefined> {
    const { owner, nonce, now } = lease
    if (job.state !== 'queued' || job.readyAt > now) return undefined
    const claimed: LeasedJob = {
      ...job,
      state: 'running',
      owner,
      claimNonce: nonce,
      fence: job.fence + 1,
      attempt: job.attempt + 1, // counted before the work starts: a job that kills its worker must not live for ever
      startedAt: job.startedAt ?? now,
      updatedAt: now,
    }
    const { state, claimNonce, fence, attempt, startedAt, updatedAt } = claimed
    const input = conditionalUpdate(
      { state, owner, claimNonce, fence, attempt, startedAt, updatedAt, ...workKeys(claimed) },
      {
        expression: '#state = :ifQueued AND #fence = :ifFence AND attribute_not_exists(#cancelRequestedAt)',
        names: ['cancelRequestedAt'],
        values: { ifQueued: 'queued', ifFence: job.fence },
      },
    )
    const answer = await orConditionFailed(this.#update('job-claim', job.jobId, input))
    const lostOwnAnswer = 'row' in answer && answer.row?.['claimNonce'] === nonce
    return 'row' in answer && !lostOwnAnswer ? undefined : claimed
  }

  /**
   * Moves a job out of a lease: done, failed, cancelled, or back to the queue. Only while `job.fence` is the running
   * lease; `lost` when it is not. After somebody asked to cancel, a job can only be cancelled: `cancel-asked` says that
   * nothing else was written.
   */
  async settle(job: LeasedJob, values: Settlement): Promise<'settled' | 'cancel-asked' | 'lost'> {
    const settled: Job = { ...job, ...values }
    const held = '#state = :ifRunning AND #fence = :ifFence AND #owner = :ifOwner'
    const wanted = values.state === 'cancelled' ? '' : ' AND attribute_not_exists(#cancelRequestedAt)'
    const input = conditionalUpdate(
      { ...values, owner: undefined, claimNonce: undefined, ...workKeys(settled) },
      {
        expression: held + wanted,
        names: ['fence', ...(wanted ? ['cancelRequestedAt'] : [])],
        values: { ifRunning: 'running', ifFence: job.fence, ifOwner: job.owner },
      },
    )
    const answer = await orConditionFailed(this.#update('job-settle', job.jobId, input))
    if (!('row' in answer)) return 'settled'
    const { fence, state, updatedAt, cancelRequestedAt } = answer.row ?? {}
    if (fence !== job.fence) return 'lost'
    if (state === 'running' && cancelRequestedAt !== undefined) return 'cancel-asked'
    return state === values.state && updatedAt === values.updatedAt ? 'settled' : 'lost'
  }

  /** Ends a job that waits; undefined when it moved meanwhile. */
  async cancelQueued(job: Job, now: number, expiresAt: number): Promise<Job | undefined> {
    const values = { state: 'cancelled' as const, updatedAt: now, finishedAt: now, expiresAt }
    return this.#move(job, values, { expression: '#state = :ifQueued', values: { ifQueued: 'queued' } })
  }

  /** Forbids a running job every end but being cancelled; undefined when it moved meanwhile. */
  async requestCancel(job: Job, now: number): Promise<Job | undefined> {
    const values = { cancelRequestedAt: job.cancelRequestedAt ?? now, updatedAt: now }
    return this.#move(job, values, { expression: '#state = :ifRunning', values: { ifRunning: 'running' } })
  }

  /**
   * Puts an ended job back into the queue with all its attempts; undefined when it moved meanwhile. The fence rises, so
   * that whatever is known of a job can be put in order by fence and state alone.
   */
  async requeue(job: Job, now: number, expiresAt: number): Promise<Job | undefined> {
    const ended = {
      error: undefined,
      percent: undefined,
      finishedAt: undefined,
      cancelRequestedAt: undefined,
    }
    const fence = job.fence + 1
    const values = {
      ...ended,
      fence,
      spared: job.attempt,
      crashes: 0,
      readyAt: now,
      updatedAt: now,
      expiresAt,
    }
    const condition = { expression: '#state = :ifState', values: { ifState: job.state } }
    return this.#move(job, { ...values, state: 'queued' }, condition)
  }

  /** Changes a job nobody holds, with its place in the index, if it is still as it was read; gives it as written. */
  async #move(
    job: Job,
    values: { [Name in keyof Job]?: Job[Name] | undefined },
    condition: { expression: string; values: Record<string, unknown> },
  ): Promise<Job | undefined> {
    const moved = { ...job, ...values } as Job
    const input = conditionalUpdate(
      { ...values, ...workKeys(moved) },
      {
        expression: `${condition.expression} AND #fence = :ifFence`,
        names: ['state', 'fence'],
        values: { ...condition.values, ifFence: job.fence },
      },
    )
    return 'row' in (await orConditionFailed(this.#update('job-move', job.jobId, input))) ? undefined : moved
  }

  #update(pattern: string, jobId: string, input: ReturnType<typeof conditionalUpdate>) {
    const update = new UpdateCommand({ TableName: this.#table, Key: { jobId }, ...input })
    return this.#db.send(named(pattern, update))
  }
}
