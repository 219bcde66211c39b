import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createApi } from '../support/api.ts'
import { decodedMs, listen, wavOf } from '../support/audio.ts'
import { makeDataDir, startProgram } from '../support/program.ts'

test('a file goes up, is converted with progress to its end, and comes back', async () => {
  await using folder = await makeDataDir()
  await using program = await startProgram({ dataDir: path.join(folder.path, 'data') })
  const api = createApi(program.url)
  const { id } = await api.convert(await api.upload('song.wav', await wavOf(3)), 'mp3')
  expect((await api.done(id)).at(-1)).toMatchObject({ state: 'done', progress: 100 })
  const file = path.join(folder.path, 'song.mp3')
  await writeFile(file, await api.result(id))
  expect(await listen(file)).toMatchObject({ codec: 'mp3', channels: 2, title: 'Two sines' })
  expect(Math.abs((await decodedMs(file)) - 3000)).toBeLessThan(50)
})
