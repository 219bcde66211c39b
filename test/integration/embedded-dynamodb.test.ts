import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { createDynamo, ensureTable, StoreUnavailable, type TableDefinition } from '../../src/aws/index.ts'
import { DatabaseUnusable, startDynamoDb } from '../../src/embedded/dynamodb/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { createApi, json } from '../support/api.ts'
import { makeDataDir, startProgram } from '../support/program.ts'

const TABLE: TableDefinition = { name: 'notes', key: { partition: 'id' } }

/** Processes whose command line names the file, by what Linux tells of them (proc(5)), shells aside. */
async function processesOn(databaseFile: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const commands = pids.map(async (pid) => {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
    return words.includes(databaseFile) && !words.includes('-c') ? [Number(pid)] : []
  })
  return (await Promise.all(commands)).flat()
}

/** The one of them; a signal to process 0 would stop everybody here. */
async function emulatorOn(databaseFile: string): Promise<number> {
  const pids = await processesOn(databaseFile)
  const [pid] = pids
  if (pid === undefined || pids.length > 1)
    throw new Error(`Emulators on ${databaseFile}: ${pids.join() || 'none'}`)
  return pid
}

test('an emulator that dies is started again at the same address, with every write it acknowledged', async () => {
  await using folder = await makeDataDir()
  const databaseFile = path.join(folder.path, 'dynamodb.sqlite')
  const emulator = await startDynamoDb({ databaseFile, clock: systemClock, log: silentLog })
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
  const db = createDynamo({ dynamodbEndpoint: emulator.url, credentials }, 'background', () => undefined)
  await ensureTable(db, TABLE)
  await db.send(new PutCommand({ TableName: TABLE.name, Item: { id: 'kept', words: 'here' } }))

  const pid = await emulatorOn(databaseFile)
  process.kill(pid, 'SIGKILL')
  const read = () =>
    db.send(new GetCommand({ TableName: TABLE.name, Key: { id: 'kept' } })).catch((error: unknown) => {
      expect(error).toBeInstanceOf(StoreUnavailable)
      return { Item: undefined }
    })
  await vi.waitUntil(async () => (await read()).Item !== undefined, { timeout: 20_000 })
  expect((await read()).Item).toEqual({ id: 'kept', words: 'here' })
  expect(await processesOn(databaseFile)).not.toEqual([pid])

  db.destroy()
  await emulator.close()
  expect(await processesOn(databaseFile)).toEqual([])
})

test('a database that is none is refused in words, and nothing is left running', async () => {
  await using folder = await makeDataDir()
  const databaseFile = path.join(folder.path, 'dynamodb.sqlite')
  await writeFile(databaseFile, 'no database\n'.repeat(1000))
  const refusal: unknown = await startDynamoDb({ databaseFile, clock: systemClock, log: silentLog }).catch(
    (error: unknown) => error,
  )
  expect(refusal).toBeInstanceOf(DatabaseUnusable)
  expect(String(refusal)).toMatch(/dynamodb\.sqlite cannot be opened \(.*not a valid SQLite database/)
  expect(await processesOn(databaseFile)).toEqual([])
})

test('the program answers 503 while its state is away, stays alive, and goes on when it is back', async () => {
  await using folder = await makeDataDir()
  const databaseFile = path.join(folder.path, 'dynamodb.sqlite')
  await using program = await startProgram({ dataDir: folder.path, embedded: true })
  const api = createApi(program.url)
  const { id } = await api.createUpload('song.mp3', 10)
  const pid = await emulatorOn(databaseFile)
  process.kill(pid, 'SIGSTOP') // still listening, but silent: the worst way to be away
  const answer = await api.call(`uploads/${id}`)
  process.kill(pid, 'SIGCONT')
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
  expect(await answer.json()).toMatchObject({ code: 'store-unavailable' })
  await vi.waitUntil(async () => (await api.call(`uploads/${id}`)).status === 200, { timeout: 20_000 })
  expect(await json(await api.call('health/live'))).toEqual({ status: 'ok' })
})

test('kill -9 of the program leaves no emulator behind', async () => {
  await using folder = await makeDataDir()
  const databaseFile = path.join(folder.path, 'dynamodb.sqlite')
  await using program = await startProgram({ dataDir: folder.path, embedded: true })
  expect(await processesOn(databaseFile)).toHaveLength(1)
  await program.kill('SIGKILL')
  await vi.waitUntil(async () => (await processesOn(databaseFile)).length === 0, { timeout: 20_000 })
})
