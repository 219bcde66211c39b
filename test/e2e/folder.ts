import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeAudio, SOURCES } from '../support/audio.ts'

export type Kind = keyof typeof SOURCES

/** A folder on the disk of the person at the browser. */
export async function openFolder() {
  const path = await mkdtemp(join(tmpdir(), 'tapedeck-e2e-'))
  return {
    path,
    async sound(kind: Kind, seconds: number, name: string) {
      const file = join(path, name)
      await makeAudio(file, { seconds, flags: SOURCES[kind] })
      return file
    },
    /** No sound, whatever the name says. */
    async text(name: string, content = 'These are words, and not sounds.\n'.repeat(50)) {
      const file = join(path, name)
      await writeFile(file, content)
      return file
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  }
}
