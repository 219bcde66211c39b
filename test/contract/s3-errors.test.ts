import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTarget, refused, type S3Target } from '../support/s3.ts'

let s3: S3Target
beforeAll(async () => {
  s3 = await openTarget()
})
afterAll(() => s3.close())

const xml = (body: string) => ({ headers: { 'content-type': 'application/xml' }, body })

describe('an error', () => {
  test('is an XML document with code, message and the id of the request', async () => {
    const { status, headers, text } = await s3.raw({ method: 'GET', path: '/missing' })
    expect(status).toBe(404)
    expect(headers['content-type']).toBe('application/xml')
    expect(text).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\s*<Error><Code>NoSuchKey<\/Code>/)
    expect(text).toContain('<Message>The specified key does not exist.</Message>')
    expect(text).toContain(`<RequestId>${String(headers['x-amz-request-id'])}</RequestId>`)
  })

  test('has no body when HEAD asked', async () => {
    const { status, text } = await s3.raw({ method: 'HEAD', path: '/missing' })
    expect([status, text]).toEqual([404, ''])
  })

  test('stays well-formed whatever the key', async () => {
    const { text } = await s3.raw({ method: 'GET', path: '/%3C%2FError%3E%26' })
    expect(text.match(/<\/Error>/g)).toHaveLength(1)
  })
})

describe('refused with a code of its own is', () => {
  test('a list of deletes that is no XML, empty, or longer than a thousand', async () => {
    const objects = Array.from({ length: 1001 }, (_, at) => `<Object><Key>${at}</Key></Object>`).join('')
    const half = '<Delete><Object><Key>&#xD800;</Key></Object></Delete>'
    for (const body of [
      '',
      half,
      '<Delete>',
      '<Delete></Delete>',
      `<Delete>${objects}</Delete>`,
      'not xml',
    ]) {
      const request = { method: 'POST', path: '', query: { delete: '' }, ...xml(body) }
      expect(refused(await s3.raw(request))).toBe('MalformedXML 400')
    }
  })

  test('metadata of more than two kilobytes', async () => {
    const headers = { 'x-amz-meta-a': 'x'.repeat(2048) }
    expect(refused(await s3.raw({ method: 'PUT', path: '/a', headers }))).toBe('MetadataTooLarge 400')
    const most = { 'x-amz-meta-a': 'x'.repeat(2047) }
    expect(refused(await s3.raw({ method: 'PUT', path: '/a', headers: most }))).toBe(' 200')
  })

  test('an object of more than 5 GiB in one put, before its first byte', async () => {
    const headers = { 'content-length': `${5 * 1024 ** 3 + 1}`, expect: '100-continue' }
    const request = { method: 'PUT', path: '/huge', headers, contentHash: 'UNSIGNED-PAYLOAD' }
    expect(refused(await s3.raw(request))).toBe('EntityTooLarge 400')
  })

  test('a continuation token that was never given out', async () => {
    const query = { 'list-type': '2', 'continuation-token': '{none}' }
    expect(refused(await s3.raw({ method: 'GET', path: '', query }))).toBe('InvalidArgument 400')
  })

  test('an address that is no percent-encoded UTF-8', async () => {
    const { status } = await s3.raw({ method: 'GET', path: '/%zz' })
    expect(status).toBe(400)
  })
})
