import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
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
    /** An M4A whose headers promise a sound, where there is none: FFmpeg fails at it, and has much to say. */
    async hollow(seconds: number, name: string) {
      const file = await this.sound('m4a', seconds, name)
      const bytes = await readFile(file)
      await writeFile(file, bytes.fill(0x55, bytes.indexOf('mdat') + 4, bytes.indexOf('moov') - 4))
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
