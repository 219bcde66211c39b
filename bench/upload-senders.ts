import { Upload } from '@aws-sdk/lib-storage'
import { S3Client } from '@aws-sdk/client-s3'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, existsSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { fetchTransport, startUpload, type UploadOptions } from '../src/client/index.ts'
import { MiB } from '../src/kernel/units.ts'
import { child } from './child.ts'
import type { BenchFile, Stage } from './upload-stage.ts'

const TUS = path.join(import.meta.dirname, 'tus')
export const PART_BYTES = 8 * MiB

/** Seconds that something took. */
export async function seconds(run: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await run()
  return (performance.now() - startedAt) / 1000
}

/** Our own client; `sentSeconds` until all parts are there, the rest is the look at what is in the file. */
export async function sendTapedeck(url: string, file: BenchFile, options: Partial<UploadOptions> = {}) {
  const startedAt = performance.now()
  let sentAt = 0
  const { on, ...rest } = options
  const upload = startUpload(file.blob, {
    baseUrl: `${url}/`,
    transport: fetchTransport,
    ...rest,
    on: {
      ...on,
      state: (step, known) => {
        on?.state?.(step, known)
        if (step === 'finishing') sentAt = performance.now()
      },
    },
  })
  const { id } = await upload.finished
  return {
    id,
    sentSeconds: (sentAt - startedAt) / 1000,
    totalSeconds: (performance.now() - startedAt) / 1000,
  }
}

/** Straight to S3 with the SDK's own uploader, as many parts at once: nothing between client and store. */
export async function sendLibStorage(endpoint: string, { env, s3 }: Stage, file: BenchFile): Promise<void> {
  const client = new S3Client({
    ...{ endpoint, region: 'us-east-1', forcePathStyle: true },
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  const params = { Bucket: s3.bucket, Key: 'straight', Body: createReadStream(file.path) }
  await new Upload({ client, params, queueSize: 6, partSize: PART_BYTES }).done()
  client.destroy()
}

export function needTus(): void {
  if (!existsSync(path.join(TUS, 'node_modules')))
    throw new Error('Run this first: npm install --prefix bench/tus --no-package-lock')
}

/** The upload server of bench/tus, on the same S3. */
export async function startTus({ env, s3 }: Stage) {
  const args = [path.join(TUS, 'service.js'), s3.endpoint, s3.bucket]
  const service = child(process.execPath, args, env)
  const [port] = (await once(createInterface(service.output), 'line')) as [string]
  return {
    ...{ url: `http://127.0.0.1:${port}`, pid: service.process.pid ?? 0 },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  }
}

export async function sendTus(url: string, file: BenchFile): Promise<void> {
  await promisify(execFile)(process.execPath, [
    path.join(TUS, 'client.js'),
    `${url}/files`,
    file.path,
    `${file.size}`,
  ])
}
