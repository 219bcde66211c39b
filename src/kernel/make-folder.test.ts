import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeFolder } from './make-folder.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'tapedeck-test-'))
})
afterEach(() => rm(root, { recursive: true }))

test('folders that are missing are made, all with the mode, also by several at once', async () => {
  const deep = path.join(root, 'a', 'b', 'c')
  await Promise.all([makeFolder(deep, 0o700), makeFolder(deep, 0o700)])
  await makeFolder(deep)
  for (const one of [deep, path.join(root, 'a')]) expect((await stat(one)).mode & 0o777).toBe(0o700)
})

test('where none can be made, that is an error and not an endless attempt', async () => {
  await writeFile(path.join(root, 'file'), '')
  await expect(makeFolder(path.join(root, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(makeFolder(path.join(root, 'file', 'a'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  await expect(makeFolder('/proc/tapedeck/a')).rejects.toMatchObject({ code: 'ENOENT' })
})
