import { httpStatus } from './outages.ts'

/**
 * Whether a call failed because its multipart upload is not there any more. AWS answers NoSuchUpload, also in the body of
 * an answer that began with 200 (S3 API reference, CompleteMultipartUpload); Ceph RGW answers NoSuchKey.
 */
export function isMultipartGone(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return error.name === 'NoSuchUpload' || (httpStatus(error) === 404 && error.name !== 'NoSuchBucket')
}
