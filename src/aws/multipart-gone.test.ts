import { S3ServiceException } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { isMultipartGone } from './multipart-gone.ts'

const answered = (name: string, httpStatusCode: number) =>
  new S3ServiceException({ name, $fault: 'client', $metadata: { httpStatusCode } })

test.each([
  ['NoSuchUpload', 404, true],
  ['NoSuchUpload', 200, true],
  ['NoSuchKey', 404, true],
  ['NotFound', 404, true],
  ['NoSuchBucket', 404, false],
  ['AccessDenied', 403, false],
  ['InternalError', 500, false],
])('%s with %i: %s', (name, status, gone) => {
  expect(isMultipartGone(answered(name, status))).toBe(gone)
})

test('a call without an answer tells nothing', () => {
  expect(isMultipartGone(new Error('socket hang up'))).toBe(false)
})
