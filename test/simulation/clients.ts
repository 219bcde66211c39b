import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import {
  BatchGetCommand,
  BatchWriteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
  type DynamoDBDocumentClient,
} from '@aws-sdk/lib-dynamodb'
import type { Item } from './expressions.ts'
import type { SimBucket } from './sim-bucket.ts'
import type { SimTable } from './sim-table.ts'

/** Carries a call to a store and its answer back, if all goes well. */
export type Carry = <Answer>(act: () => Answer) => Promise<Awaited<Answer>>

/** A document client whose calls go over a network to tables that are plain data. */
export function simDynamo(tables: ReadonlyMap<string, SimTable>, carry: Carry): DynamoDBDocumentClient {
  const send = (command: object) => carry(() => onTables(tables, command))
  return { send } as unknown as DynamoDBDocumentClient
}

function onTables(tables: ReadonlyMap<string, SimTable>, command: object): unknown {
  const at = (name: string | undefined) => {
    const table = tables.get(name ?? '')
    if (!table) throw new Error(`There is no table ${name ?? ''}.`)
    return table
  }
  if (command instanceof GetCommand) {
    const { TableName, Key = {} } = command.input
    return { Item: projected(at(TableName).get(Key), command.input) }
  }
  if (command instanceof PutCommand) {
    at(command.input.TableName).put(command.input.Item ?? {}, command.input)
    return {}
  }
  if (command instanceof UpdateCommand) {
    const { TableName, Key = {}, UpdateExpression = '' } = command.input
    return { Attributes: at(TableName).update(Key, UpdateExpression, command.input) }
  }
  if (command instanceof QueryCommand) return { Items: query(at(command.input.TableName), command.input) }
  if (command instanceof BatchGetCommand) {
    const answers = Object.entries(command.input.RequestItems ?? {}).map(([name, request]) => {
      const rows = (request.Keys ?? []).map((key) => at(name).get(key)).filter((row) => row !== undefined)
      return [name, rows.map((row) => projected(row, request))]
    })
    return { Responses: Object.fromEntries(answers) as Record<string, Item[]> }
  }
  if (command instanceof BatchWriteCommand) {
    for (const [name, requests] of Object.entries(command.input.RequestItems ?? {}))
      for (const { PutRequest, DeleteRequest } of requests) {
        if (PutRequest) at(name).put(PutRequest.Item ?? {}, {})
        else at(name).delete(DeleteRequest?.Key ?? {})
      }
    return {}
  }
  throw new Error(`Not simulated: ${command.constructor.name}`)
}

/** `a = :x` for a partition, `b < :y` for sort keys of an index, `b >= :y` for those of the table; no more is asked for. */
function query(table: SimTable, input: QueryCommand['input']): Item[] {
  const { KeyConditionExpression = '', ExpressionAttributeValues: values = {}, IndexName, Limit } = input
  const [, partition = '', bound] =
    /^#?\w+ = (:\w+)(?: AND #?\w+ (?:<|>=) (:\w+))?$/.exec(KeyConditionExpression) ?? []
  const key = String(values[partition])
  const limit = bound === undefined ? undefined : String(values[bound])
  const found = IndexName === undefined ? table.queryKey(key, limit) : table.queryIndex(key, limit)
  return found.slice(0, Limit).map((item) => projected(item, input) ?? {})
}

function projected(
  item: Item | undefined,
  given: {
    ProjectionExpression?: string | undefined
    ExpressionAttributeNames?: Record<string, string> | undefined
  },
): Item | undefined {
  const { ProjectionExpression, ExpressionAttributeNames: names = {} } = given
  if (!item || ProjectionExpression === undefined) return item
  const wanted = ProjectionExpression.split(', ').map((name) => names[name] ?? name)
  return Object.fromEntries(wanted.flatMap((name) => (name in item ? [[name, item[name]]] : [])))
}

/** An S3 client whose calls go over a network to a bucket that is plain data. The SDK's paginators ask for the class. */
export function simS3(bucket: SimBucket, carry: Carry): S3Client {
  const send = (command: object) => carry(() => onBucket(bucket, command))
  return Object.assign(Object.create(S3Client.prototype) as S3Client, { send: send as S3Client['send'] })
}

function onBucket(bucket: SimBucket, command: object): unknown {
  if (command instanceof PutObjectCommand) {
    const { Key = '', Body } = command.input
    if (!Buffer.isBuffer(Body)) throw new Error('Only what is held in memory is simulated.')
    bucket.put(Key, Body.toString('utf8'))
    return {}
  }
  if (command instanceof GetObjectCommand || command instanceof HeadObjectCommand) {
    const found = bucket.get(command.input.Key ?? '')
    if (!found) throw Object.assign(new Error('NoSuchKey'), { $metadata: { httpStatusCode: 404 } })
    const { size: ContentLength, body } = found
    return { ContentLength, Body: { transformToByteArray: () => Promise.resolve(Buffer.from(body)) } }
  }
  if (command instanceof ListObjectsV2Command) return list(bucket, command.input)
  if (command instanceof DeleteObjectsCommand) {
    for (const { Key = '' } of command.input.Delete?.Objects ?? []) bucket.delete(Key)
    return {}
  }
  if (command instanceof DeleteObjectCommand) {
    bucket.delete(command.input.Key ?? '')
    return {}
  }
  if (command instanceof ListMultipartUploadsCommand || command instanceof HeadBucketCommand) return {}
  throw new Error(`Not simulated: ${command.constructor.name}`)
}

function list(bucket: SimBucket, { Prefix = '', Delimiter }: ListObjectsV2Command['input']) {
  const keys = bucket.keys(Prefix)
  if (Delimiter === undefined)
    return { Contents: keys.map((Key) => ({ Key, Size: bucket.get(Key)?.size ?? 0 })) }
  const folders = keys.map((key) => key.slice(0, key.indexOf(Delimiter, Prefix.length) + 1))
  return { CommonPrefixes: [...new Set(folders)].map((Folder) => ({ Prefix: Folder })) }
}
