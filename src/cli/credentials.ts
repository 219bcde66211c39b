import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'

const Credentials = z.object({ accessKeyId: z.string().min(16), secretAccessKey: z.string().min(32) })
export type Credentials = z.infer<typeof Credentials>

/** The key pair of this installation's embedded stores: made once, at random, readable by its owner alone. */
export async function ownCredentials(dataDir: string): Promise<Credentials> {
  const file = path.join(dataDir, 'credentials.json')
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const existing = await readFile(file, 'utf8').catch(absent)
  if (existing !== undefined) return Credentials.parse(JSON.parse(existing))
  const fresh = {
    accessKeyId: `TAPEDECK${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  }
  await writeOnce(file, JSON.stringify(fresh))
  return fresh
}

function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  throw error
}

/** On disk before anything is signed with it. */
async function writeOnce(file: string, text: string): Promise<void> {
  await using handle = await open(file, 'wx', 0o600)
  await handle.writeFile(text)
  await handle.sync()
}
