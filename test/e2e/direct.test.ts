import { expect, test } from 'vitest'
import { useSetting } from './setting.ts'

const setting = useSetting({ UPLOAD_TRANSPORT: 'direct' })

test('the same page sends parts straight to S3 where the service says so, and nothing else goes there', async () => {
  await using deck = await setting.open()
  const elsewhere: string[] = []
  deck.page.on('request', (request) => {
    const { origin, pathname } = new URL(request.url())
    if (origin !== new URL(setting.url()).origin)
      elsewhere.push(`${request.method()} ${pathname.split('/').at(-1) ?? ''}`)
  })
  await deck.convert(await setting.folder().sound('wav', 30, 'straight.wav')) // 5.3 MB: two parts
  await deck.download('straight.mp3').waitFor()
  expect(elsewhere).toEqual(['PUT source', 'PUT source'])
  expect(deck.complaints.filter((one) => !one.startsWith('foreign request'))).toEqual([])
})
