import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createApi, json, problem, type Api } from '../support/api.ts'
import { makeAudio, SOURCES } from '../support/audio.ts'
import { makeDataDir } from '../support/program.ts'
import { startService, type TurnedService } from '../support/service.ts'
import { contentsOf } from '../support/stores.ts'
import { HOUR_MS } from '../../src/kernel/units.ts'

let running: TurnedService
let api: Api
let song: Buffer<ArrayBuffer>

beforeEach(async () => {
  running = await startService()
  api = createApi(running.url)
  await using folder = await makeDataDir()
  const file = path.join(folder.path, 'song.mp3')
  await makeAudio(file, { seconds: 1, flags: SOURCES.mp3 })
  song = await readFile(file)
})
afterEach(() => running[Symbol.asyncDispose]())

test('what has expired is answered 410 at once, and swept from S3 with all its traces', async () => {
  const uploadId = await api.upload('song.mp3', song)
  const job = await api.convert(uploadId, 'wav')
  await api.done(job.id)
  const unfinished = await api.createUpload('unfinished.mp3', song.length)
  await json(await api.putPart(unfinished.id, 1, song))

  running.turn(25 * HOUR_MS)
  expect(await problem(await api.call(`jobs/${job.id}`))).toMatchObject({
    httpStatus: 410,
    code: 'job-expired',
  })
  expect(await problem(await api.call(`jobs/${job.id}/result`))).toMatchObject({ code: 'job-expired' })
  expect(await problem(await api.putPart(unfinished.id, 1, song))).toMatchObject({ code: 'upload-expired' })

  const report = await running.service.sweeper.sweep()
  expect(report).toMatchObject({
    expiredJobs: 1,
    expiredUploads: 2,
    deletedObjects: 2,
    abortedUploads: 1,
    failures: 0,
  })
  expect(report.freedBytes).toBeGreaterThan(song.length)
  expect(await contentsOf(running.stores.s3)).toEqual({ keys: [], multipartIds: [] })
  expect(await problem(await api.call(`jobs/${job.id}`))).toMatchObject({ code: 'job-expired' })
  expect(await problem(await api.call(`uploads/${uploadId}`))).toMatchObject({ code: 'upload-expired' })
  expect(await running.service.sweeper.sweep()).toMatchObject({ expiredJobs: 0, expiredUploads: 0 })
})

test('only a tombstone carries a ttl: a record that owns objects could vanish before them', async () => {
  const { id } = await api.createUpload('song.mp3', song.length)
  const row = async () => {
    const { Items = [] } = await running.stores.background.send(
      new QueryCommand({
        TableName: 'tapedeck-uploads',
        KeyConditionExpression: 'uploadId = :id',
        ExpressionAttributeValues: { ':id': id },
      }),
    )
    return Items.find(({ item }) => item === 'session') ?? {}
  }
  expect(await row()).toMatchObject({ state: 'open', expiryQueue: 'expiring#0' })
  expect(await row()).not.toHaveProperty('ttl')
  running.turn(25 * HOUR_MS)
  await running.service.sweeper.sweep()
  const tombstone = await row()
  expect(tombstone).toMatchObject({ state: 'gone' })
  expect(tombstone).not.toHaveProperty('expiryQueue')
  const inSevenDays = Date.now() / 1000 + (25 + 7 * 24) * 3600
  expect(Math.abs(Number(tombstone['ttl']) - inSevenDays)).toBeLessThan(60)
})

test('a job keeps its source for as long as the job itself lives', async () => {
  const uploadId = await api.upload('song.mp3', song)
  running.turn(23 * HOUR_MS)
  await api.done((await api.convert(uploadId, 'wav')).id)
  running.turn(2 * HOUR_MS)
  expect(await running.service.sweeper.sweep()).toMatchObject({ expiredUploads: 0, expiredJobs: 0 })
  expect((await api.findUpload(uploadId)).state).toBe('ready')
})
