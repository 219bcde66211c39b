import { z } from 'zod'
import { isoTime } from '../../kernel/clock.ts'
import type { Handler } from './call.ts'
import { S3Error } from './errors.ts'
import { refuseUnknown } from './parameters.ts'
import type { Store } from './store.ts'
import { parseXml, S3_NAMESPACE, xml } from './xml.ts'

const Configuration = z.object({
  CreateBucketConfiguration: z.union([
    z.looseObject({ LocationConstraint: z.string().optional() }),
    z.literal(''),
  ]),
})

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, without the reserved prefixes. */
const BUCKET_NAME = /^(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
/** The first region has no name in location constraints, and lets owners create their bucket again. */
const FIRST_REGION = 'us-east-1'

export function createBucketOperations(store: Store, region: string) {
  const listBuckets: Handler = () => {
    const buckets = store.buckets.list()
    const entries = buckets.map(
      ({ name, createdAt }) =>
        xml`<Bucket><Name>${name}</Name><CreationDate>${isoTime(createdAt)}</CreationDate></Bucket>`,
    )
    return {
      body: xml`<ListAllMyBucketsResult xmlns="${S3_NAMESPACE}"><Buckets>${entries}</Buckets></ListAllMyBucketsResult>`,
    }
  }

  const createBucket: Handler = ({ request: { bucket }, text }) => {
    if (!BUCKET_NAME.test(bucket)) throw new S3Error('InvalidBucketName')
    checkLocation(text, region)
    store.transaction(() => {
      if (!store.buckets.has(bucket)) store.buckets.add({ name: bucket, createdAt: store.now() })
      else if (region !== FIRST_REGION) throw new S3Error('BucketAlreadyOwnedByYou')
    })
    return { headers: { location: `/${bucket}` } }
  }

  const headBucket: Handler = ({ request: { bucket } }) => {
    store.requireBucket(bucket)
    return { headers: { 'x-amz-bucket-region': region } }
  }

  const getBucketLocation: Handler = ({ request: { bucket } }) => {
    store.requireBucket(bucket)
    const location = region === FIRST_REGION ? '' : region
    return { body: xml`<LocationConstraint xmlns="${S3_NAMESPACE}">${location}</LocationConstraint>` }
  }

  const deleteBucket: Handler = async ({ request: { bucket } }) => {
    const freed = store.transaction(() => {
      store.requireBucket(bucket)
      if (store.objects.next(bucket, Buffer.alloc(0))) throw new S3Error('BucketNotEmpty')
      const uploads = store.uploads.list(bucket, { key: Buffer.alloc(0), id: '' }, -1)
      const blobs = uploads.flatMap(({ id }) => store.uploads.remove(id))
      store.buckets.remove(bucket)
      return blobs
    })
    await store.blobs.discard(freed)
    return { status: 204 }
  }

  return { listBuckets, createBucket, headBucket, getBucketLocation, deleteBucket }
}

/** A body may only say what is so anyway: the region this server stands for. */
function checkLocation(text: string, region: string): void {
  if (text.trim() === '') return
  const parsed = Configuration.safeParse(parseXml(text))
  if (!parsed.success) throw new S3Error('MalformedXML')
  const { CreateBucketConfiguration: configuration } = parsed.data
  if (configuration === '') return
  refuseUnknown(configuration, ['LocationConstraint'])
  const { LocationConstraint: location = region } = configuration
  if (location !== region) throw new S3Error('InvalidLocationConstraint')
}
