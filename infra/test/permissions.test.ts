import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { ACTIONS } from '../lib/permissions.ts'
import { listOf, resources, statements, synth, synthService } from './synth.ts'

const SRC = path.resolve(import.meta.dirname, '../../src')

/** What each call of the SDK needs (S3: "Required permissions for API operations"; DynamoDB: one action a call). */
const NEEDS: Record<string, string[]> = {
  BatchGet: ['dynamodb:BatchGetItem'],
  BatchWrite: ['dynamodb:BatchWriteItem'],
  DescribeTable: ['dynamodb:DescribeTable'],
  DescribeTimeToLive: ['dynamodb:DescribeTimeToLive'],
  Get: ['dynamodb:GetItem'],
  Put: ['dynamodb:PutItem'],
  Query: ['dynamodb:Query'],
  Update: ['dynamodb:UpdateItem'],
  AbortMultipartUpload: ['s3:AbortMultipartUpload'],
  CompleteMultipartUpload: ['s3:PutObject'],
  CreateMultipartUpload: ['s3:PutObject'],
  DeleteObjects: ['s3:DeleteObject'],
  GetBucketCors: ['s3:GetBucketCORS'],
  GetBucketLifecycleConfiguration: ['s3:GetLifecycleConfiguration'],
  GetObject: ['s3:GetObject'],
  HeadBucket: ['s3:ListBucket'],
  HeadObject: ['s3:GetObject'],
  ListMultipartUploads: ['s3:ListBucketMultipartUploads'],
  ListObjectsV2: ['s3:ListBucket'],
  ListParts: ['s3:ListMultipartUploadParts'],
  PutObject: ['s3:PutObject'],
  UploadPart: ['s3:PutObject'],
}
/** Called only where the stack has not made the thing already. */
const MADE_BY_THE_STACK = ['CreateBucket', 'CreateTable', 'PutBucketCors', 'UpdateTimeToLive']
/** The doctor's, which leaves its rows to their ttl where it may not delete them. */
const DONE_WITHOUT = ['Delete']

/** Source of the program by path below src, without tests and without the stand-ins for AWS. */
const sources = new Map<string, string>()
beforeAll(async () => {
  for (const file of await readdir(SRC, { recursive: true }))
    if (/(?<!\.test)\.ts$/.test(file) && !file.startsWith('embedded/'))
      sources.set(file, await readFile(path.join(SRC, file), 'utf8'))
})

/** Commands that files whose path matches send, also by what sends them for others. */
function commandsIn(where: RegExp): string[] {
  const text = [...sources].filter(([file]) => where.test(file)).map(([, source]) => source)
  const sent = text.flatMap((source) =>
    [...source.matchAll(/new ([A-Z]\w+)Command\(/g)].map(([, name = '']) => name),
  )
  const paged = text.flatMap((source) =>
    [...source.matchAll(/paginate(\w+)\(/g)].map(([, name = '']) => name),
  )
  const all = text.join('\n')
  if (all.includes('new BatchReader(')) sent.push('BatchGet')
  // lib-storage: one put, or a multipart upload that it aborts when it fails.
  if (all.includes('new Upload('))
    sent.push(
      'PutObject',
      'CreateMultipartUpload',
      'UploadPart',
      'CompleteMultipartUpload',
      'AbortMultipartUpload',
    )
  return [...new Set([...sent, ...paged])].sort()
}

const actionsFor = (commands: string[], service: 'dynamodb' | 's3') =>
  sorted(commands.flatMap((name) => NEEDS[name] ?? []).filter((action) => action.startsWith(`${service}:`)))
const sorted = (actions: readonly string[]) => [...new Set(actions)].sort()

test('the permission that each call of the source needs is known, or the stack has made it needless', () => {
  const known = [...Object.keys(NEEDS), ...MADE_BY_THE_STACK, ...DONE_WITHOUT].sort()
  expect(commandsIn(/./)).toEqual(known)
})

test('the policy allows what the source calls, and nothing else', () => {
  const granted = Object.values(ACTIONS).flat()
  expect(sorted(granted)).toEqual(sorted(Object.values(NEEDS).flat()))
  const s3 = sorted([...ACTIONS.bucket, ...ACTIONS.objects])
  expect(s3).toEqual(actionsFor(commandsIn(/./), 's3'))
})

test.each([
  ['jobs', /^conversions\//, [...ACTIONS.jobs, ...ACTIONS.jobsIndex]],
  ['uploads', /^uploads\//, [...ACTIONS.uploads, ...ACTIONS.uploadsIndex]],
  ['progress', /^progress\//, ACTIONS.progress],
])('a table allows what its own room and the start call: %s', (_, room, allowed) => {
  const start = ['DescribeTable', 'DescribeTimeToLive']
  expect(sorted(allowed)).toEqual(actionsFor([...commandsIn(room), ...start], 'dynamodb'))
})

/** The end of an ARN or what it refers to, as it stands in the template. */
const ends = (resource: unknown) => JSON.stringify(resource)

test('the role of a task has these statements, each for its own table, index, bucket or prefix', () => {
  const service = synthService()
  const policies = Object.entries(resources(service, 'AWS::IAM::Policy')).filter(([id]) =>
    id.includes('TaskTaskRole'),
  )
  expect(policies).toHaveLength(2) // of API and workers
  for (const [, { PolicyDocument }] of policies) {
    const { Statement } = PolicyDocument as { Statement: { Action: string | string[]; Resource: unknown }[] }
    expect(Statement.map(({ Action }) => listOf(Action))).toEqual(Object.values(ACTIONS))
    const [jobs, jobsIndex, uploads, uploadsIndex, progress, bucket, objects] = Statement.map(
      ({ Resource }) => ends(Resource),
    )
    expect(jobs).toMatch(/^\{"Fn::ImportValue":"tapedeck-state:\w+GetAttJobs\w+Arn\w+"\}$/)
    expect(uploads).toMatch(/^\{"Fn::ImportValue":"tapedeck-state:\w+GetAttUploads\w+Arn\w+"\}$/)
    expect(progress).toMatch(/^\{"Fn::ImportValue":"tapedeck-state:\w+GetAttProgress\w+Arn\w+"\}$/)
    expect(bucket).toMatch(/^\{"Fn::ImportValue":"tapedeck-state:\w+GetAttBucket\w+Arn\w+"\}$/)
    expect(jobsIndex).toMatch(/GetAttJobs\w+"\},"\/index\/work"\]\]\}$/)
    expect(uploadsIndex).toMatch(/GetAttUploads\w+"\},"\/index\/expiry"\]\]\}$/)
    expect(objects).toMatch(/"\/uploads\/\*"\]\]\}.*"\/results\/\*"\]\]\}\]$/)
  }
})

test.each([
  ['ecs', {}],
  ['app-runner', { compute: 'app-runner' }],
  ['a secret', { adminKeySecretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:admin-AbCdEf' }],
])('no role may do everything of a kind, nor touch everything: %s', (_, context) => {
  const all = statements(synthService(context))
  expect(all.length).toBeGreaterThan(10)
  for (const { Effect, Action, Resource } of all) {
    expect(Effect).toBe('Allow')
    for (const action of listOf(Action)) expect(action).toMatch(/^[a-z0-9-]+:[A-Za-z]+$/)
    // ECR hands out its token for the whole registry only.
    if (Action !== 'ecr:GetAuthorizationToken') expect(listOf(Resource)).not.toContain('*')
  }
  for (const role of Object.values(resources(synthService(context), 'AWS::IAM::Role')))
    expect(role).not.toHaveProperty('ManagedPolicyArns')
})

test('the how-to names the same actions', async () => {
  const text = await readFile(path.join(SRC, '../docs/how-to/aws.md'), 'utf8')
  const [, permissions = ''] = /## Permissions\n([^]*?)\nWithout these stacks/.exec(text) ?? []
  const named = [...permissions.matchAll(/`((?:s3|dynamodb):\w+)`/g)].map(([, action = '']) => action)
  expect(sorted(named)).toEqual(sorted(Object.values(ACTIONS).flat()))
})

test('who wants tables and bucket alone gets no role at all', () => {
  const { state, service } = synth({ compute: 'none' })
  expect(service).toBeUndefined()
  expect(resources(state, 'AWS::IAM::Role')).toEqual({})
})
