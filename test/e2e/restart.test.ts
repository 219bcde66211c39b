import { expect, test } from 'vitest'
import { makeDataDir } from '../support/embedded.ts'
import { startProgram } from '../support/program.ts'
import { pacedFfmpeg } from '../support/tools.ts'
import { PACE, useSetting } from './setting.ts'

const setting = useSetting()

test('a server that is started anew under the page costs it nothing', async () => {
  await using started = new AsyncDisposableStack()
  const { path: dataDir } = started.use(await makeDataDir())
  const env = { FFMPEG_PATH: await pacedFfmpeg(setting.folder().path, PACE) }
  const first = started.use(await startProgram({ dataDir, embedded: true, env }))
  await using deck = await setting.open({}, first.url)
  await deck.format('Opus').check()
  await deck.convert(await setting.folder().sound('wav', 30, 'restart.wav'))
  const row = deck.row('restart.wav')
  await row.getByText(/^Converting/).waitFor()
  await first.kill('SIGKILL')
  await row.getByText('out of reach').waitFor()
  const { port } = new URL(first.url)
  started.use(await startProgram({ dataDir, embedded: true, env: { ...env, PORT: port } }))
  await deck.download('restart.opus').waitFor()
  expect(await deck.bar('restart.wav').getAttribute('aria-valuenow')).toBe('100')
})
