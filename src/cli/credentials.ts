import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { errorCode } from '../kernel/error-code.ts'
import { makeFolder } from '../kernel/make-folder.ts'

const Credentials = z.object({ accessKeyId: z.string().min(16), secretAccessKey: z.string().min(32) })
export type Credentials = z.infer<typeof Credentials>

/** Nothing can be kept in the data folder. The message says what to do. */
export class DataFolderUnusable extends Error {
  constructor(dataDir: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause)
    super(
      `The data folder ${dataDir} cannot be used (${why}). Make it writable, or name another one in DATA_DIR.`,
      {
        cause,
      },
    )
  }
}

/**
 * The key pair of this installation's embedded stores: made once, at random, readable by its owner alone. Throws
 * {@link CredentialsDamaged}, {@link DataFolderUnusable}.
 */
export async function ownCredentials(dataDir: string): Promise<Credentials> {
  try {
    return await findOrMake(dataDir)
  } catch (error) {
    throw error instanceof CredentialsDamaged ? error : new DataFolderUnusable(dataDir, error)
  }
}

async function findOrMake(dataDir: string): Promise<Credentials> {
  const file = path.join(dataDir, 'credentials.json')
  await makeFolder(dataDir, 0o700)
  const existing = await readFile(file, 'utf8').catch(absent)
  if (existing !== undefined) return parse(existing, file)
  const fresh = {
    accessKeyId: `TAPEDECK${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  }
  await writeWhole(file, JSON.stringify(fresh))
  return fresh
}

/** The key pair cannot be read. The message says what to do. */
export class CredentialsDamaged extends Error {
  constructor(file: string, cause: unknown) {
    super(
      `${file} is damaged. Delete it: a new one is made at the next start, and nothing else depends on it.`,
      {
        cause,
      },
    )
  }
}

function parse(text: string, file: string): Credentials {
  try {
    return Credentials.parse(JSON.parse(text))
  } catch (cause) {
    throw new CredentialsDamaged(file, cause)
  }
}

function absent(error: unknown): undefined {
  if (errorCode(error) === 'ENOENT') return undefined
  throw error
}

/** On disk before anything is signed with it, and as a whole or not at all: a full disk takes only the beginning. */
async function writeWhole(file: string, text: string): Promise<void> {
  const unfinished = `${file}.${process.pid}`
  try {
    await using handle = await open(unfinished, 'w', 0o600)
    await handle.writeFile(text)
    await handle.sync()
    await rename(unfinished, file)
  } finally {
    await rm(unfinished, { force: true })
  }
}
