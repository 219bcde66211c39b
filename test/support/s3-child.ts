import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { CREDENTIALS, FIRST_REGION, openBucket, temporaryFolder } from './s3.ts'
import type { ObjectUsage } from './usage.ts'

/** The embedded S3 in another process. */
export type S3Child = {
  url: string
  /** The most memory it ever held, in bytes. */
  peakBytes(): Promise<number>
  /** What was asked of it so far. */
  usage(): Promise<ObjectUsage>
  /** `kill -9`; returns when the process is gone. */
  kill(): Promise<void>
}

/** Starts the server on a folder; throws what it wrote to stderr when it does not come up. */
export async function startChild(directory: string): Promise<S3Child> {
  const child = fork(fileURLToPath(import.meta.resolve('./s3-process.ts')), [directory], {
    env: { AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId, AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let stderr = ''
  child.stderr?.on('data', (piece: Buffer) => (stderr += piece.toString()))
  const ended = once(child, 'close')
  const message = async () => {
    const answer = await Promise.race([once(child, 'message'), ended.then(() => [])])
    if (answer.length === 0) throw new Error(stderr)
    return String(answer[0])
  }
  return {
    url: await message(),
    async peakBytes() {
      child.send('memory')
      return Number(await message())
    },
    async usage() {
      child.send('usage')
      return JSON.parse(await message()) as ObjectUsage
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** A child on a temporary folder, and a bucket in it; all gone when it is disposed of. */
export async function openChild() {
  const folder = await temporaryFolder()
  const child = await startChild(folder.path)
  const target = await openBucket(child.url, { ...CREDENTIALS, region: FIRST_REGION })
  return {
    ...{ ...target, child, directory: folder.path },
    async [Symbol.asyncDispose]() {
      target.client.destroy()
      await child.kill()
      await folder.remove()
    },
  }
}
