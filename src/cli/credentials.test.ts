import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CredentialsDamaged, DataFolderUnusable, ownCredentials } from './credentials.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tapedeck-test-'))
})
afterEach(() => rm(folder, { recursive: true }))

const file = () => path.join(folder, 'credentials.json')

test('a key pair is made once, for its owner alone, and nothing else is left beside it', async () => {
  const fresh = await ownCredentials(folder)
  expect(await ownCredentials(folder)).toEqual(fresh)
  expect((await stat(file())).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['credentials.json'])
})

test.each(['', '{"accessKeyId":"TAPE', '{"accessKeyId":"x","secretAccessKey":"y"}'])(
  'a damaged one (%s) is refused with what to do',
  async (text) => {
    await writeFile(file(), text)
    const refusal: unknown = await ownCredentials(folder).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(CredentialsDamaged)
    expect(String(refusal)).toContain(`${file()} is damaged. Delete it`)
  },
)

test.each(['/proc/tapedeck', '/dev/null/tapedeck'])(
  'a folder that cannot be (%s) is refused',
  async (impossible) => {
    const refusal: unknown = await ownCredentials(impossible).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(DataFolderUnusable)
    expect(String(refusal)).toContain(`${impossible} cannot be used`)
  },
)
