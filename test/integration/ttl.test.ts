import { DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb'
import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/kernel/units.ts'
import { ProgressRepository } from '../../src/progress/index.ts'
import { createApi, problem } from '../support/api.ts'
import { makeTables, startStores, type SharedStores } from '../support/embedded.ts'
import { startService } from '../support/service.ts'

/** How long an engine is given to delete a row; DynamoDB itself says "within a few days". */
const WAIT_MS = Number(process.env['TEST_TTL_WAIT_MINUTES'] ?? 0) * MINUTE_MS
let stores: SharedStores

beforeAll(async () => {
  stores = await startStores()
  await makeTables(stores, stores.prefix)
})
afterAll(() => stores[Symbol.asyncDispose]())

test.each(['jobs', 'uploads', 'progress'])(
  'the engine is told to delete rows of %s by their ttl',
  async (name) => {
    const describe = new DescribeTimeToLiveCommand({ TableName: `${stores.prefix}-${name}` })
    const { TimeToLiveDescription: setting } = await stores.db.send(describe)
    expect(setting?.AttributeName).toBe('ttl')
    expect(setting?.TimeToLiveStatus).toMatch(/^ENABL(ED|ING)$/) // on AWS it takes up to an hour
  },
)

test('a row whose time is over is answered as expired for as long as it is there', async () => {
  await using running = await startService()
  const api = createApi(running.url)
  const { id } = await api.createUpload('song.mp3', 10)
  const refusal = async () => problem(await api.call(`uploads/${id}`))
  const row = async () => {
    const at = { TableName: `${running.tablePrefix}-uploads`, Key: { uploadId: id, item: 'session' } }
    return (await running.stores.background.send(new GetCommand({ ...at, ConsistentRead: true }))).Item
  }
  const expired = { httpStatus: 410, code: 'upload-expired' }

  running.turn(25 * HOUR_MS)
  expect(await refusal()).toMatchObject(expired)
  expect(await row()).toMatchObject({ state: 'open' })

  await running.service.sweeper.sweep({ orphans: false })
  running.turn(8 * 24 * HOUR_MS)
  expect(await refusal()).toMatchObject(expired)
  const { state, ttl } = (await row()) ?? {}
  expect(state).toBe('gone')
  expect(Number(ttl) * SECOND_MS).toBeLessThan(Date.now() + (25 + 8 * 24) * HOUR_MS)
})

// Up to days on AWS, and never in some emulators: only for who asks for it.
if (WAIT_MS > 0)
  test(
    'the engine deletes a row once its ttl is over, and no other',
    { timeout: WAIT_MS + MINUTE_MS },
    async () => {
      const pages = new ProgressRepository(stores.db, stores.prefix)
      const write = (workerId: string, at: number) => pages.write({ workerId, sequence: 1, jobs: {}, at })
      await write('long-dead', Date.now() - 30 * HOUR_MS)
      await write('alive', Date.now())
      const deleted = async () => (await pages.read('long-dead')) === undefined
      await expect.poll(deleted, { timeout: WAIT_MS, interval: 5 * SECOND_MS }).toBe(true)
      expect(await pages.read('alive')).toMatchObject({ sequence: 1 })
    },
  )
