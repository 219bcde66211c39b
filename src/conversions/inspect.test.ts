import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TooManyInspections } from './failures.ts'
import { createInspector } from './inspect.ts'
import { WorkFolders } from './work-folder.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tapedeck-test-'))
})
afterEach(() => rm(folder, { recursive: true }))

const wrappers = { setpriv: false, nice: false, prlimit: false }
const tools = {
  ffmpeg: 'true',
  ffprobe: 'false',
  version: '5.1',
  encoders: new Set<string>(),
  soxr: false,
  wrappers,
}

/** An inspector whose sources come only when they are let. */
function setUp({ concurrency }: { concurrency: number }) {
  const begun: string[] = []
  const waiting: (() => void)[] = []
  const stopping = new AbortController()
  const inspect = createInspector({
    tools,
    concurrency,
    shutdown: stopping.signal,
    maxDurationMs: 1,
    folders: new WorkFolders(folder, 'test'),
    read: async (uploadId) => {
      begun.push(uploadId)
      await new Promise<void>((resolve) => waiting.push(resolve))
      return Readable.from([Buffer.from('x')])
    },
  })
  const ask = (id: string) => {
    const asked = inspect(id, 1)
    asked.catch(() => undefined)
    return asked
  }
  return { ask, begun, stopping, letOneCome: () => waiting.shift()?.() }
}

test('so many run at once as there are processors, and the next begins when one ends', async () => {
  const { ask, begun, letOneCome } = setUp({ concurrency: 2 })
  const asked = ['a', 'b', 'c'].map(ask)
  await expect.poll(() => begun).toEqual(['a', 'b'])
  letOneCome()
  await expect(asked[0]).rejects.toThrow('not audio')
  await expect.poll(() => begun).toEqual(['a', 'b', 'c'])
})

test('when far more wait than run, the next one is refused at once', async () => {
  const { ask } = setUp({ concurrency: 1 })
  const asked = Array.from({ length: 52 }, (_, index) => ask(`${index}`))
  await expect(asked.at(-1)).rejects.toBeInstanceOf(TooManyInspections)
})

test('those that wait when the process stops do not begin', async () => {
  const { ask, begun, stopping, letOneCome } = setUp({ concurrency: 1 })
  const [, second] = [ask('a'), ask('b')]
  await expect.poll(() => begun).toEqual(['a'])
  stopping.abort(new Error('The process stops.'))
  letOneCome()
  await expect(second).rejects.toThrow('The process stops.')
  expect(begun).toEqual(['a'])
})
