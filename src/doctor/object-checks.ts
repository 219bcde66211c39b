import { abortsAfterDays, askBucket, bucketExists, lookAtCors } from '../aws/index.ts'
import { resultPrefix } from '../conversions/index.ts'
import { newId } from '../kernel/ids.ts'
import { sourceKey } from '../uploads/index.ts'
import { fail, ok, skipped, warn, type Check } from './check.ts'
import { explain, nameOf } from './explain.ts'
import { timeCalls } from './latency.ts'
import { followLinks } from './links.ts'
import { carryObject } from './object-trip.ts'
import type { Patient } from './patient.ts'

/** S3: the bucket, large objects, its rules, links that others follow, and how fast it is. */
export const objectChecks = (patient: Patient): Check[] => [
  bucket(patient),
  objects(patient),
  lifecycle(patient),
  cors(patient),
  links(patient),
  latency(patient),
]

const bucket = ({ stores }: Patient): Check => ({
  name: 'bucket',
  needs: ['credentials'],
  ifItThrows: 'Have S3 reachable, name the bucket and its region rightly, and allow s3:ListBucket on it.',
  async look() {
    const { s3, bucket: name } = stores.get()
    try {
      await askBucket(s3, name)
    } catch (error) {
      if (nameOf(error) === 'NoSuchBucket') return fail(`There is no bucket ${name}.`, MAKE_BUCKET)
      throw error
    }
    return ok(`Bucket ${name} answers.`)
  },
})

const MAKE_BUCKET =
  'Correct S3_BUCKET_NAME, or start `tapedeck serve` once, which makes the bucket with the permission s3:CreateBucket.'

const objects = (patient: Patient): Check => ({
  name: 'objects',
  needs: ['bucket', 'disk'],
  ifItThrows:
    'Allow s3:PutObject, GetObject, DeleteObject, AbortMultipartUpload and ListBucketMultipartUploads; see docs/how-to/doctor.md.',
  look: (signal) => carryObject(patient, signal),
})

const lifecycle = ({ stores }: Patient): Check => ({
  name: 'lifecycle',
  needs: ['bucket'],
  ifItThrows: 'Allow s3:GetLifecycleConfiguration, or see to such a rule in another way.',
  async look() {
    const { s3, bucket: name, exclusive } = stores.get()
    if (exclusive) return skipped('Embedded stores have no such rules: cleanup ends unfinished uploads.')
    const keys = [sourceKey(newId()), `${resultPrefix(newId())}1.flac`]
    try {
      const days = await Promise.all(keys.map((key) => abortsAfterDays(s3, name, key)))
      if (days.includes(undefined)) return warn('No rule ends unfinished multipart uploads.', ADD_RULE)
      return ok(`Unfinished multipart uploads end after ${Math.max(...days.map(Number))} days at the latest.`)
    } catch (error) {
      // Cleanup ends them first: the rule is the last net only.
      return warn(`Rules cannot be read: ${explain(error)}`, ADD_RULE)
    }
  },
})

const ADD_RULE =
  'Give the bucket a lifecycle rule with AbortIncompleteMultipartUpload, and allow s3:GetLifecycleConfiguration to see it.'

const cors = ({ config, stores }: Patient): Check => ({
  name: 'cors',
  needs: ['bucket'],
  ifItThrows: 'Allow s3:GetBucketCORS.',
  async look() {
    const { s3, bucket: name } = stores.get()
    if (config.get().uploadTransport !== 'direct') return skipped('Parts come through the service.')
    switch (await lookAtCors(s3, name)) {
      case 'lets':
        return ok('Pages may send parts to the bucket.')
      case 'none':
        return fail('The bucket has no CORS rule, so that pages cannot send parts to it.', SET_CORS)
      case 'refuses':
        return fail('The CORS rules of the bucket do not let pages send parts to it.', ALLOW_PUT)
    }
  },
})

const ALLOW_PUT =
  'Allow PUT with the headers content-type and x-amz-checksum-crc32 to the origins of your pages.'
const SET_CORS = `Start \`tapedeck serve\` once, which sets one with the permission s3:PutBucketCORS. Or: ${ALLOW_PUT}`

const links = (patient: Patient): Check => ({
  name: 'links',
  needs: ['bucket'],
  ifItThrows: 'See the checks of bucket and objects.',
  async look(signal) {
    const { uploadTransport, downloadTransport, s3PublicEndpoint } = patient.config.get()
    const wanted =
      uploadTransport === 'direct' || downloadTransport === 'direct' || s3PublicEndpoint !== undefined
    const { where, problem } = await followLinks(patient, signal)
    if (problem === undefined) return ok(`Links to ${where} take and give bytes, as seen from this machine.`)
    const found = `Links to ${where} cannot be followed from this machine: ${problem}`
    if (wanted) return fail(found, REACH)
    return warn(`${found}. Nobody needs them, since all bytes go through the service.`, REACH)
  },
})

const REACH =
  'Have S3_PUBLIC_ENDPOINT name S3 as clients reach it, or set UPLOAD_TRANSPORT and DOWNLOAD_TRANSPORT to proxy.'

/** Half a second each for bucket and object would be felt with every part. */
const SLOW_MS = 500

const latency = (patient: Patient): Check => ({
  name: 'object latency',
  needs: ['bucket'],
  ifItThrows: 'Have S3 reachable all the time.',
  look() {
    const { s3, bucket: name } = patient.stores.get()
    const call = () => bucketExists(s3, name)
    return timeCalls({ store: 'S3', clock: patient.clock, slowMs: SLOW_MS, call })
  },
})
