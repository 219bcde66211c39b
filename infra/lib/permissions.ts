import { PolicyStatement, type IGrantable } from 'aws-cdk-lib/aws-iam'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import { PREFIXES } from './bucket.ts'
import type { MadeTable, Tables } from './tables.ts'

/** Every table is looked at when a process starts. */
const LOOK = ['dynamodb:DescribeTable', 'dynamodb:DescribeTimeToLive']

/**
 * What the program calls, and no more: a test reads the calls out of the source. What makes tables and bucket is not in
 * it, since they are there.
 */
export const ACTIONS = {
  jobs: [...LOOK, 'dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
  jobsIndex: ['dynamodb:Query'],
  uploads: [
    ...LOOK,
    'dynamodb:BatchGetItem',
    'dynamodb:BatchWriteItem',
    'dynamodb:GetItem',
    'dynamodb:PutItem',
    'dynamodb:Query',
    'dynamodb:UpdateItem',
  ],
  uploadsIndex: ['dynamodb:Query'],
  progress: [...LOOK, 'dynamodb:BatchGetItem', 'dynamodb:UpdateItem'],
  bucket: [
    's3:GetBucketCORS',
    's3:GetLifecycleConfiguration',
    's3:ListBucket',
    's3:ListBucketMultipartUploads',
  ],
  objects: [
    's3:AbortMultipartUpload',
    's3:DeleteObject',
    's3:GetObject',
    's3:ListMultipartUploadParts',
    's3:PutObject',
  ],
}

/** Lets somebody do what the program does, with these tables and this bucket. */
export function allowProgram({ grantPrincipal }: IGrantable, tables: Tables, bucket: Bucket): void {
  const allow = (sid: string, actions: string[], resources: string[]) =>
    grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ sid, actions, resources }))
  allow('Jobs', ACTIONS.jobs, [tables.jobs.table.tableArn])
  allow('JobsIndex', ACTIONS.jobsIndex, indexes(tables.jobs))
  allow('Uploads', ACTIONS.uploads, [tables.uploads.table.tableArn])
  allow('UploadsIndex', ACTIONS.uploadsIndex, indexes(tables.uploads))
  allow('Progress', ACTIONS.progress, [tables.progress.table.tableArn])
  allow('Bucket', ACTIONS.bucket, [bucket.bucketArn])
  const objects = Object.values(PREFIXES).map((prefix) => bucket.arnForObjects(`${prefix}*`))
  allow('Objects', ACTIONS.objects, objects)
}

const indexes = ({ table, index }: MadeTable) =>
  index === undefined ? [] : [`${table.tableArn}/index/${index}`]
