import { createServer } from 'node:http'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { abortsAfterDays, createS3 } from '../../src/aws/index.ts'

/** An S3 that knows nothing but its rules, in the words of AWS (S3 API reference, GetBucketLifecycleConfiguration). */
async function withRules<Result>(status: number, xml: string, ask: (endpoint: string) => Promise<Result>) {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/xml' }).end(xml)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  try {
    return await ask(`http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const daysFor = (status: number, xml: string, key: string) =>
  withRules(status, xml, async (s3Endpoint) => {
    const credentials = { accessKeyId: 'TESTTESTTESTTEST', secretAccessKey: 'a-secret-of-the-tests' }
    const s3 = createS3({ s3Endpoint, credentials })
    return abortsAfterDays(s3, 'bucket', key).finally(() => s3.destroy())
  })

const rule = (filter: string, days: number, status = 'Enabled') =>
  `<Rule>${filter}<Status>${status}</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>${days}` +
  '</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>'
const rules = (...some: string[]) => `<LifecycleConfiguration>${some.join('')}</LifecycleConfiguration>`
const below = (prefix: string) => `<Filter><Prefix>${prefix}</Prefix></Filter>`
const tagged = '<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>'
const NONE = '<Error><Code>NoSuchLifecycleConfiguration</Code><Message>None.</Message></Error>'

test.each([
  ['one for all', 200, rules(rule('<Filter></Filter>', 3)), 3],
  ['one without a filter', 200, rules(rule('', 4)), 4],
  ['the earliest of two', 200, rules(rule(below('uploads/'), 7), rule(below(''), 2)), 2],
  ['one of another prefix', 200, rules(rule(below('results/'), 7)), undefined],
  ['one that is off', 200, rules(rule(below(''), 7, 'Disabled')), undefined],
  ['one by tags, which parts have not', 200, rules(rule(tagged, 7)), undefined],
  ['none at all', 404, NONE, undefined],
])('of rules that end unfinished uploads, it finds %s', async (_, status, xml, days) => {
  expect(await daysFor(status, xml, 'uploads/an-id/source')).toBe(days)
})

test('rules that may not be read are an error', async () => {
  const xml = '<Error><Code>AccessDenied</Code><Message>No.</Message></Error>'
  await expect(daysFor(403, xml, 'uploads/an-id/source')).rejects.toThrow('No.')
})
