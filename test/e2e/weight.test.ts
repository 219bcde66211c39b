import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { useSetting } from './setting.ts'

const setting = useSetting()
const MOST_BYTES = 150 * 1024

/** Notes how much of what was on the screen moved without having been asked to (https://web.dev/articles/cls). */
const SHIFTS = `
  window.shifted = []
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, value, sources } of list.getEntries())
      if (!hadRecentInput) window.shifted.push(value + ' ' + sources.map(({ node }) => node?.outerHTML?.slice(0, 80)))
  }).observe({ type: 'layout-shift', buffered: true })
`

test('the first load brings at most 150 kB of script, compressed', async () => {
  await using deck = await setting.open()
  const { page } = deck
  const scripts: Promise<Buffer>[] = []
  page.on('response', (response) => {
    if (response.request().resourceType() === 'script') scripts.push(response.body())
  })
  await page.reload()
  await deck.format('MP3').waitFor()
  const sizes = (await Promise.all(scripts)).map((script) => gzipSync(script).length)
  expect(sizes.length).toBeGreaterThan(0)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_BYTES)
})

test.each([360, 1440])('nothing jumps at %d pixels, from the first load to the result', async (width) => {
  await using deck = await setting.open({ viewport: { width, height: 900 }, reducedMotion: 'no-preference' })
  const { page } = deck
  await page.addInitScript({ content: SHIFTS })
  await page.reload()
  await deck.format('MP3').waitFor()
  expect(await page.evaluate('window.shifted')).toEqual([])
  await deck.convert(await setting.folder().sound('wav', 30, `still at ${width}.wav`))
  await page.evaluate('window.shifted = []') // that a new row makes room for itself was asked for
  await deck.download(`still at ${width}.mp3`).waitFor()
  expect(await page.evaluate('window.shifted')).toEqual([])
})
