import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openRemovers, removeBucket } from '../support/leftovers.ts'

/**
 * As much of an S3 with versions as a bucket's end needs, which the embedded one has not: deleting without a version lays
 * a marker on the object, and only deleting by version removes anything (S3 user guide, "Deleting object versions").
 */
const versions = new Set<string>()
let bucketIsThere = true
const xml = (root: string, content: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><${root}>${content}</${root}>`

function answerTo(method: string, query: string, body: string): [number, string] {
  if (method === 'GET' && query.includes('uploads')) return [200, xml('ListMultipartUploadsResult', '')]
  if (method === 'GET' && query.includes('list-type')) {
    const live = versions.has('song v1') && ![...versions].some((one) => one.includes('marker'))
    return [200, xml('ListBucketResult', live ? '<Contents><Key>song</Key><Size>1</Size></Contents>' : '')]
  }
  if (method === 'GET') {
    const listed = [...versions].map((one) => {
      const [key = '', id = ''] = one.split(' ')
      const tag = id.startsWith('marker') ? 'DeleteMarker' : 'Version'
      return `<${tag}><Key>${key}</Key><VersionId>${id}</VersionId></${tag}>`
    })
    return [200, xml('ListVersionsResult', listed.join(''))]
  }
  if (method === 'POST') {
    for (const [, key = '', id] of body.matchAll(/<Key>(.*?)<\/Key>(?:<VersionId>(.*?)<\/VersionId>)?/g))
      if (id === undefined) versions.add(`${key} marker1`)
      else versions.delete(`${key} ${id}`)
    return [200, xml('DeleteResult', '')]
  }
  if (versions.size > 0) return [409, xml('Error', '<Code>BucketNotEmpty</Code>')]
  bucketIsThere = false
  return [204, '']
}

const server = createServer((request, response) => {
  void text(request).then((body) => {
    const [status, answer] = answerTo(request.method ?? '', request.url ?? '', body)
    response.writeHead(status, { 'content-type': 'application/xml' }).end(answer)
  })
})
beforeEach(() => once(server.listen(0, '127.0.0.1'), 'listening'))
afterEach(async () => {
  server.closeAllConnections()
  await once(server.close(), 'close')
})

test('a bucket with versions goes with all of them, and with the markers of what was deleted', async () => {
  for (const one of ['song v1', 'song v0', 'gone v1']) versions.add(one)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
  using clients = openRemovers({ region: 'us-east-1', s3Endpoint: url, credentials })
  await removeBucket(clients.s3, 'versioned')
  expect([...versions]).toEqual([])
  expect(bucketIsThere).toBe(false)
})
