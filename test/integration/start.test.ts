import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startStores, type SharedStores } from '../support/embedded.ts'
import { startProgram } from '../support/program.ts'

let stores: SharedStores
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores[Symbol.asyncDispose]())

const NOBODY = 'http://127.0.0.1:9'

test.each([
  [
    'an S3 that takes no signature of ours',
    { AWS_SECRET_ACCESS_KEY: 'another-one' },
    'SignatureDoesNotMatch',
  ],
  ['an S3 that is not there', { S3_ENDPOINT: NOBODY }, 'ECONNREFUSED'],
  ['a DynamoDB that is not there', { DYNAMODB_ENDPOINT: NOBODY }, 'ECONNREFUSED'],
])('%s is told in a sentence, with the way on', async (_, wrong, words) => {
  const env = { ...stores.env, ...wrong }
  const started = startProgram({ dataDir: path.join(stores.folder, 'data'), env })
  const refusal = await started.then(() => '', String)
  const [, told = ''] = /Tapedeck cannot start\. ([^]*)/.exec(refusal) ?? []
  expect(told.trim().split('\n')).toEqual([
    expect.stringMatching(new RegExp(`^The stores cannot be used: .*${words}`)),
    'The command `tapedeck doctor` says which of them, and what to do.',
  ])
})
