import { once } from 'node:events'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { DatabaseSync } from 'node:sqlite'
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketCorsCommand,
  GetObjectCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DataFolderInUse, type S3Server } from '../../src/embedded/s3/index.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import {
  blobFiles,
  CREDENTIALS,
  FIRST_REGION,
  newClient,
  noise,
  partNumbers,
  putPart,
  read,
  refusal,
  startEmbedded,
  startUpload,
  temporaryFolder,
} from '../support/s3.ts'
import { startChild } from '../support/s3-child.ts'
import { holdPut } from '../support/s3-held.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
const running: S3Server[] = []
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(async () => {
  for (const server of running.splice(0)) await server.close()
  await folder.remove()
})

const bucket = 'audio'
const signer = { ...CREDENTIALS, region: FIRST_REGION }
const at = (Key: string) => ({ Bucket: bucket, Key })

async function start(settings: Parameters<typeof startEmbedded>[1] = {}) {
  const server = await startEmbedded(folder.path, settings)
  running.push(server)
  const client = newClient(server.url, signer)
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  const put = (key: string, Body: string | Buffer) => client.send(new PutObjectCommand({ ...at(key), Body }))
  return { server, client, put, endpoint: server.url, signer, bucket }
}

describe('the data folder', () => {
  test('holds objects, uploads and their parts over a restart', async () => {
    const first = await start()
    await first.put('kept', 'content')
    const id = await startUpload(first.client, bucket, 'upload')
    const upload = { bucket, key: 'upload', id }
    const ETag = await putPart(first.client, upload, 1, Buffer.from('part'))
    await first.server.close()

    const { client } = await start()
    expect((await read(client, bucket, 'kept')).toString()).toBe('content')
    expect(await partNumbers(client, upload)).toEqual([1])
    const completion = {
      ...at('upload'),
      UploadId: id,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
    }
    await client.send(new CompleteMultipartUploadCommand(completion))
    expect((await read(client, bucket, 'upload')).toString()).toBe('part')
  })

  test('belongs to one server at a time, in this process and in others', async () => {
    const { server } = await start()
    await expect(startEmbedded(folder.path)).rejects.toThrow(DataFolderInUse)
    await expect(startChild(folder.path)).rejects.toThrow(
      `The data folder ${folder.path} is in use by another process. Stop that one, or choose another folder.`,
    )
    await server.close()
    const child = await startChild(folder.path)
    await expect(startEmbedded(folder.path)).rejects.toThrow(DataFolderInUse)
    await child.kill()
    await start()
  })

  test('is free again when the port was taken', async () => {
    const other = await temporaryFolder()
    const taken = await startEmbedded(other.path)
    running.push(taken)
    const port = Number(new URL(taken.url).port)
    await expect(start({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await start()
    await other.remove()
  })

  test('of the version before this one is taken over with all it holds', async () => {
    const first = await start()
    await first.put('kept', 'content')
    const upload = { bucket, key: 'upload', id: await startUpload(first.client, bucket, 'upload') }
    await putPart(first.client, upload, 1, Buffer.from('part'))
    await first.server.close()
    const database = new DatabaseSync(`${folder.path}/s3.sqlite`)
    database.exec(`
      ALTER TABLE buckets DROP COLUMN cors;
      ALTER TABLE uploads DROP COLUMN checksum_algorithm;
      PRAGMA user_version = 2`)
    database.close()

    const second = await start()
    expect((await read(second.client, bucket, 'kept')).toString()).toBe('content')
    expect(await partNumbers(second.client, upload)).toEqual([1])
    const getRules = new GetBucketCorsCommand({ Bucket: bucket })
    expect(await refusal(second.client.send(getRules))).toBe('NoSuchCORSConfiguration 404')
    const CORSConfiguration = { CORSRules: [{ AllowedOrigins: ['*'], AllowedMethods: ['GET'] }] }
    await second.client.send(new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration }))
    await second.server.close()

    const third = await start()
    expect(await third.client.send(getRules)).toMatchObject(CORSConfiguration)
  })

  test('of a later version is left alone', async () => {
    const { server } = await start()
    await server.close()
    const database = new DatabaseSync(`${folder.path}/s3.sqlite`)
    database.exec('PRAGMA user_version = 99')
    database.close()
    await expect(startEmbedded(folder.path)).rejects.toThrow('s3.sqlite has schema 99')
  })

  test('loses every file that is not needed any more', async () => {
    const { client, put } = await start()
    await put('object', 'first')
    await put('object', 'second')
    expect(await blobFiles(folder.path)).toHaveLength(1)
    const upload = { bucket, key: 'object', id: await startUpload(client, bucket, 'object') }
    for (const body of ['replaced', 'kept']) await putPart(client, upload, 1, Buffer.from(body))
    const ETag = await putPart(client, upload, 1, Buffer.from('kept'))
    await putPart(client, upload, 2, Buffer.from('left out'))
    expect(await blobFiles(folder.path)).toHaveLength(3)
    const completion = { UploadId: upload.id, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }
    await client.send(new CompleteMultipartUploadCommand({ ...at('object'), ...completion }))
    expect(await blobFiles(folder.path)).toHaveLength(1)
    await client.send(new DeleteObjectCommand(at('object')))
    expect(await blobFiles(folder.path)).toEqual([])
  })

  test('keeps the file of a deleted object for as long as somebody reads it', async () => {
    const { client, put } = await start()
    const body = noise(24 * 1024 * 1024)
    await put('object', body)
    const { Body } = await client.send(new GetObjectCommand(at('object')))
    await client.send(new DeleteObjectCommand(at('object')))
    expect(await blobFiles(folder.path)).toHaveLength(1)
    expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(body)).toBe(true)
    await expect.poll(() => blobFiles(folder.path)).toEqual([])
  })
})

describe('the server', () => {
  test('is reached through loopback only', async () => {
    const { server } = await start()
    const port = Number(new URL(server.url).port)
    const outside = Object.values(networkInterfaces())
      .flatMap((addresses = []) => addresses)
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
    // All of 127.0.0.0/8 leads to a server on 0.0.0.0, but only on Linux do those addresses exist unasked.
    const linux = process.platform === 'linux' ? ['127.0.0.2'] : []
    for (const host of [...linux, '::1', ...outside.map(({ address }) => address)]) {
      const socket = connect(port, host)
      await expect(once(socket, 'connect'), host).rejects.toThrow()
    }
  })

  test('lets a put finish when it closes, then ends its connection at once', async () => {
    // Time stands still: if closing waited for its grace to pass, it would never end.
    const target = await start({ clock: clockThat((signal) => once(signal, 'abort')) })
    const put = await holdPut(target, { key: 'late', body: noise(1000) })
    const closed = target.server.close()
    expect(await put.finish()).toBe(200)
    await closed
    const { client } = await start()
    expect((await read(client, bucket, 'late')).equals(noise(1000))).toBe(true)
  })

  test('cuts off who does not finish in time, and keeps nothing of it', async () => {
    const target = await start({ clock: clockThat(() => Promise.resolve()) })
    const put = await holdPut(target, { key: 'stuck', body: noise(1000) })
    await target.server.close()
    await put.cut
    expect(await blobFiles(folder.path)).toEqual([])
  })

  test('keeps nothing of a put whose client dies', async () => {
    const target = await start()
    const put = await holdPut(target, { key: 'dead', body: noise(1000) })
    put.abandon()
    await target.server.close()
    expect(await blobFiles(folder.path)).toEqual([])
  })
})

const clockThat = (sleep: (signal: AbortSignal) => Promise<unknown>): Clock => ({
  now: () => Date.now(),
  async sleep(_, signal = new AbortController().signal) {
    await sleep(signal)
  },
})
