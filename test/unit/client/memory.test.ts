import { expect, test } from 'vitest'
import { createUploadMemory, type Databases } from '../../../src/client/index.ts'
import { testTiming } from './client.ts'

const FILE = { name: 'tone.wav', size: 9500, lastModified: 1_700_000_000_000 }

/** A database that opens by firing `event`, or never answers. What it can do when all is well only a browser shows. */
const answering = (event?: 'error'): Databases => ({
  open: () => ({
    get result(): never {
      throw new Error('There is no database')
    },
    addEventListener(type, listener) {
      if (type === event) queueMicrotask(() => listener(event))
    },
  }),
})

const refusing: Databases = {
  open() {
    throw new Error('The operation is insecure')
  },
}

test.each([
  ['that is not there', undefined],
  ['that is kept from the page', refusing],
  ['that cannot be opened', answering('error')],
])('storage %s remembers nothing and breaks nothing', async (_what, indexedDb) => {
  const { timing, timers } = testTiming()
  const memory = createUploadMemory({ indexedDb, name: 'begun', timing })
  await memory.remember(FILE, 'up-0')
  await memory.forget(FILE)
  expect(await memory.find(FILE)).toBeUndefined()
  expect(await memory.list()).toEqual([])
  expect(timers.size).toBe(0)
})

test('storage that never answers keeps nobody waiting', async () => {
  const { timing, timers } = testTiming()
  const memory = createUploadMemory({ indexedDb: answering(), name: 'begun', timing })
  const finding = memory.find(FILE)
  const remembering = memory.remember(FILE, 'up-0')
  for (const fire of timers) fire()
  expect(await finding).toBeUndefined()
  await remembering
})
