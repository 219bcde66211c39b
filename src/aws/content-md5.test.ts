import { DeleteObjectsCommand } from '@aws-sdk/client-s3'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { createS3 } from './clients.ts'

test('who deletes several objects sends the MD5 of what is sent', async () => {
  const seen: [header: unknown, md5: string][] = []
  await using server = createServer((request, response) => {
    void buffer(request).then((body) => {
      seen.push([request.headers['content-md5'], createHash('md5').update(body).digest('base64')])
      response.end('<DeleteResult/>')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' }
  const s3 = createS3({ s3Endpoint: `http://127.0.0.1:${port}`, credentials })
  await s3.send(new DeleteObjectsCommand({ Bucket: 'b', Delete: { Objects: [{ Key: 'ü&<' }] } }))
  s3.destroy()
  expect(seen).toHaveLength(1)
  expect(seen[0]?.[0]).toBe(seen[0]?.[1])
})
