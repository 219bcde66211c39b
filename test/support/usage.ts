/** What stores bill: requests of S3 by their class, bytes on its lines, units of DynamoDB. */
export type ObjectUsage = { s3Writes: number; s3Reads: number; bytesIn: number; bytesOut: number }
export type StateUsage = { writeUnits: number; readUnits: number }
export type Usage = ObjectUsage & StateUsage

/**
 * How S3 bills a request: PUT, POST and LIST, or all others, deletions and the end of uploads being free (AWS, "Amazon
 * S3 pricing"). In doubt the dearer one: every GET of a bucket, and of the parts of an upload, is taken for a LIST.
 */
export function classOf(method: string, url: string): 's3Writes' | 's3Reads' | undefined {
  const { pathname, searchParams } = new URL(url, 'http://s3')
  const [, , key = ''] = /^\/([^/]*)\/?(.*)$/.exec(pathname) ?? []
  if (method === 'DELETE') return undefined
  if (method === 'PUT' || method === 'POST') return 's3Writes'
  const isList = method === 'GET' && (key === '' || searchParams.has('uploadId'))
  return isList ? 's3Writes' : 's3Reads'
}

const WRITES = /^(Put|Update|Delete)Item$|^(BatchWrite|TransactWrite)/
const READS = /^GetItem$|^(Query|Scan|BatchGet|TransactGet)/

/** The units of one call, by what DynamoDB answered; one where it was not asked how many, as by a refused condition. */
export function unitsOf(operation: string, answer: string): Partial<StateUsage> {
  const kind = WRITES.test(operation) ? 'writeUnits' : READS.test(operation) ? 'readUnits' : undefined
  if (!kind) return {}
  const { ConsumedCapacity: consumed } = JSON.parse(answer) as { ConsumedCapacity?: Capacity | Capacity[] }
  if (consumed === undefined) return { [kind]: 1 }
  return { [kind]: [consumed].flat().reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0) }
}
type Capacity = { CapacityUnits: number }
