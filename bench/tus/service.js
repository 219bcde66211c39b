/**
 * An upload server as one builds it with tus: `@tus/server` on `@tus/s3-store`, parts of 8 MiB. Arguments: URL of S3,
 * bucket; keys from the environment. Writes a line with its port. The client that goes with it is client.js.
 */
import { S3Store } from '@tus/s3-store'
import { Server } from '@tus/server'
import { createServer } from 'node:http'

const [endpoint, bucket] = process.argv.slice(2)
const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = process.env

const datastore = new S3Store({
  partSize: 8 * 1024 * 1024,
  useTags: false,
  s3ClientConfig: {
    ...{ bucket, endpoint, region: 'us-east-1', forcePathStyle: true },
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  },
})
const tus = new Server({ path: '/files', datastore, relativeLocation: true })
const server = createServer((request, response) => tus.handle(request, response))
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
