import { expect, test } from 'vitest'
import { useSetting } from './setting.ts'

const setting = useSetting()

/**
 * Counts how often React renders each row, by the row's heading. With each render React hangs the new properties on the
 * element; it does so under a name of its own, which begins like this since React 17.
 */
const COUNTER = `
  window.renders = {}
  for (const row of document.querySelectorAll('main li')) {
    const heading = row.querySelector('h3').textContent
    const name = Object.keys(row).find((one) => one.startsWith('__reactProps$'))
    let props = row[name]
    window.renders[heading] = 0
    Object.defineProperty(row, name, {
      get: () => props,
      set(next) {
        props = next
        window.renders[heading] += 1
      },
    })
  }
`

test('progress of one file renders its row alone', async () => {
  await using deck = await setting.open()
  const { page } = deck
  await deck.add(
    await setting.folder().sound('wav', 60, 'busy.wav'),
    await setting.folder().sound('wav', 1, 'idle.wav'),
  )
  for (const name of ['busy.wav', 'idle.wav']) await deck.row(name).getByText('Uploaded').waitFor()
  await page.evaluate(COUNTER)
  await page.getByRole('button', { name: 'Convert busy.wav' }).click()
  await deck.download('busy.mp3').waitFor()
  const renders = await page.evaluate<Record<string, number>>('window.renders')
  expect(renders['busy.wav']).toBeGreaterThan(2)
  expect(renders['idle.wav']).toBe(0)
})
