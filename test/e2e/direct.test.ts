import { expect, test } from 'vitest'
import { startProgram } from '../support/program.ts'
import { launchBrowser } from './browser.ts'
import { openDeck } from './deck.ts'
import { openFolder } from './folder.ts'

test('the same page sends parts straight to S3 where the service says so, and nothing else goes there', async () => {
  await using started = new AsyncDisposableStack()
  const folder = started.use(await openFolder())
  const program = started.use(await startProgram({ env: { UPLOAD_TRANSPORT: 'direct' } }))
  const browser = started.adopt(await launchBrowser(), (running) => running.close())
  await using deck = await openDeck(browser, program.url)
  const elsewhere: string[] = []
  deck.page.on('request', (request) => {
    const { origin, pathname } = new URL(request.url())
    if (origin !== new URL(program.url).origin)
      elsewhere.push(`${request.method()} ${pathname.split('/').at(-1) ?? ''}`)
  })
  await deck.convert(await folder.sound('wav', 60, 'straight.wav')) // 10 MB: two parts
  await deck.download('straight.mp3').waitFor()
  expect(elsewhere).toEqual(['PUT source', 'PUT source'])
  expect(deck.complaints.filter((one) => !one.startsWith('foreign request'))).toEqual([])
})
