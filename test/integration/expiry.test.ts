import { CreateMultipartUploadCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createApi, json, problem, type Api } from '../support/api.ts'
import { makeAudio, SOURCES } from '../support/audio.ts'
import { makeDataDir } from '../support/program.ts'
import { startService, type TurnedService } from '../support/service.ts'
import { contentsOf } from '../support/stores.ts'
import { newId } from '../../src/kernel/ids.ts'
import { HOUR_MS } from '../../src/kernel/units.ts'
import { UploadRepository } from '../../src/uploads/index.ts'

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

  running.turn(28 * HOUR_MS)
  expect(await problem(await api.call(`jobs/${job.id}`))).toMatchObject({
    httpStatus: 410,
    code: 'job-expired',
  })
  expect(await problem(await api.call(`jobs/${job.id}/result`))).toMatchObject({ code: 'job-expired' })
  expect(await problem(await api.putPart(unfinished.id, 1, song))).toMatchObject({ code: 'upload-expired' })

  const report = await running.service.sweeper.sweep({ orphans: false })
  expect(report).toMatchObject({
    expiredJobs: 1,
    expiredUploads: 2,
    deletedObjects: 2,
    abortedUploads: 1,
    failures: 0,
  })
  expect(report.freedBytes).toBeGreaterThan(song.length)
  expect(await contentsOf(running.stores)).toEqual({ keys: [], multipartIds: [] })
  expect(await problem(await api.call(`jobs/${job.id}`))).toMatchObject({ code: 'job-expired' })
  expect(await problem(await api.call(`uploads/${uploadId}`))).toMatchObject({ code: 'upload-expired' })
  expect(await running.service.sweeper.sweep({ orphans: false })).toMatchObject({
    expiredJobs: 0,
    expiredUploads: 0,
  })
})

test('only a tombstone carries a ttl: a record that owns objects could vanish before them', async () => {
  const { id } = await api.createUpload('song.mp3', song.length)
  const row = async () => {
    const { Items = [] } = await running.stores.background.send(
      new QueryCommand({
        TableName: `${running.tablePrefix}-uploads`,
        KeyConditionExpression: 'uploadId = :id',
        ExpressionAttributeValues: { ':id': id },
      }),
    )
    return Items.find(({ item }) => item === 'session') ?? {}
  }
  expect(await row()).toMatchObject({ state: 'open', expiryQueue: 'expiring#0' })
  expect(await row()).not.toHaveProperty('ttl')
  running.turn(28 * HOUR_MS)
  await running.service.sweeper.sweep({ orphans: false })
  const tombstone = await row()
  expect(tombstone).toMatchObject({ state: 'gone' })
  expect(tombstone).not.toHaveProperty('expiryQueue')
  const inSevenDays = Date.now() / 1000 + (28 + 7 * 24) * 3600
  expect(Math.abs(Number(tombstone['ttl']) - inSevenDays)).toBeLessThan(60)
})

test('a job keeps its source for as long as the job itself lives', async () => {
  const uploadId = await api.upload('song.mp3', song)
  running.turn(23 * HOUR_MS)
  await api.done((await api.convert(uploadId, 'wav')).id)
  running.turn(2 * HOUR_MS)
  expect(await running.service.sweeper.sweep({ orphans: false })).toMatchObject({
    expiredUploads: 0,
    expiredJobs: 0,
  })
  expect((await api.findUpload(uploadId)).state).toBe('ready')
})

test('a job that waits longer than things are kept finds its source all the same', async () => {
  await using idle = await startService({ ROLE: 'api' })
  const waiting = createApi(idle.url)
  const uploadId = await waiting.upload('song.mp3', song)
  const { id } = await waiting.convert(uploadId, 'wav')
  for (let tenHours = 1; tenHours <= 5; tenHours++) {
    idle.turn(10 * HOUR_MS)
    expect(await idle.service.sweeper.sweep({ orphans: false })).toMatchObject({ expiredUploads: 0 })
  }
  expect((await waiting.findUpload(uploadId)).state).toBe('ready')
  expect((await waiting.findJob(id)).state).toBe('queued')
  const before = idle.uses.length
  await idle.service.sweeper.sweep({ orphans: false })
  const operations = idle.uses.slice(before).map(({ operation }) => operation)
  expect(operations).not.toContain('UpdateItem') // it lives long enough: no sweep of a minute later writes again
})

test('whoever needs a source for a short time takes nothing from who needs it for longer', async () => {
  const uploadId = await api.upload('song.mp3', song)
  const uploads = new UploadRepository(running.stores.background, running.tablePrefix)
  const [soon, late] = [Date.now() + 30 * HOUR_MS, Date.now() + 40 * HOUR_MS]
  expect(await uploads.keep(uploadId, ['ready'], late)).toMatchObject({ expiresAt: late })
  expect(await uploads.keep(uploadId, ['ready'], soon)).toMatchObject({ expiresAt: late })
  expect(await uploads.keep(uploadId, ['open'], late + 1)).toMatchObject({ expiresAt: late })
})

test('objects whose record is gone are found and removed; those of others in the bucket are not', async () => {
  const uploadId = await api.upload('song.mp3', song)
  const [lost, foreign] = [`results/${newId()}/1.mp3`, 'uploads/holiday-pictures/1.jpg']
  const { s3, bucket } = running.stores
  for (const Key of [lost, foreign]) await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }))
  const begun = new CreateMultipartUploadCommand({ Bucket: bucket, Key: `uploads/${newId()}/source` })
  await s3.send(begun)

  const report = await json(await api.post('cleanup'))
  expect(report).toMatchObject({
    orphans: 2,
    deletedObjects: 1,
    abortedUploads: 1,
    freedBytes: 1,
    failures: 0,
  })
  const { keys, multipartIds } = await contentsOf({ s3, bucket })
  expect(keys.sort()).toEqual([`uploads/${uploadId}/source`, foreign].sort())
  expect(multipartIds).toEqual([])
  const metrics = await (await fetch(`${running.url}/metrics`)).text()
  expect(metrics).toMatch(/^tapedeck_swept_total\{what="orphans"\} 2$/m)
})

test('cleanup on request needs the admin key where there is one', async () => {
  const adminKey = 'an-admin-key-of-the-tests'
  await using guarded = await startService({ ADMIN_KEY: adminKey })
  const ask = (headers: Record<string, string>) => createApi(guarded.url).post('cleanup', undefined, headers)
  expect(await problem(await ask({}))).toMatchObject({ httpStatus: 401, code: 'unauthorized' })
  const wrong = await ask({ authorization: `Bearer ${adminKey}x` })
  expect(wrong.headers.get('www-authenticate')).toBe('Bearer')
  expect(await problem(wrong)).toMatchObject({ code: 'unauthorized' })
  expect(await json(await ask({ authorization: `Bearer ${adminKey}` }))).toMatchObject({ failures: 0 })
})

test('a job can be deleted as soon as it ended, with its result, and again without harm', async () => {
  const { id } = await api.convert(await api.upload('song.mp3', song), 'wav')
  await api.done(id)
  const remove = (jobId: string) => api.call(`jobs/${jobId}`, { method: 'DELETE' })
  expect([(await remove(id)).status, (await remove(id)).status, (await remove(newId())).status]).toEqual([
    204, 204, 204,
  ])
  const { keys } = await contentsOf(running.stores)
  expect(keys.filter((key) => key.startsWith('results/'))).toEqual([])
  expect(await problem(await api.call(`jobs/${id}/result`))).toMatchObject({
    httpStatus: 410,
    code: 'job-expired',
  })
})
