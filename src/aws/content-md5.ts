import type { S3Client } from '@aws-sdk/client-s3'
import { createHash } from 'node:crypto'

/**
 * Gives DeleteObjects a Content-MD5 beside the SDK's CRC-32: stores that know no newer checksum refuse it without one, as S3
 * itself did (S3 API reference, DeleteObjects).
 */
export function addContentMd5(stack: S3Client['middlewareStack']): void {
  stack.add(
    (next, { commandName }) =>
      (args) => {
        if (commandName === 'DeleteObjectsCommand') {
          const { headers, body } = args.request as { headers: Record<string, string>; body: string }
          headers['content-md5'] = createHash('md5').update(body).digest('base64')
        }
        return next(args)
      },
    { step: 'build', name: 'addContentMd5', override: true },
  )
}
