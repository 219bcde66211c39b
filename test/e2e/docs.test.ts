import { expect, test } from 'vitest'
import { newKey } from '../../src/access/index.ts'
import { startPrefixProxy } from './prefix-proxy.ts'
import { useSetting } from './setting.ts'

const key = newKey('anna')
const setting = useSetting({ API_KEYS: key.entry })

const background = "getComputedStyle(document.querySelector('.swagger-ui')).backgroundColor"

test('the API can be read about and tried out with a key, below a path of another server, at any width', async () => {
  await using proxy = await startPrefixProxy(setting.url(), '/audio/deck/')
  await using deck = await setting.open({ key: key.key, viewport: { width: 390, height: 800 } }, proxy.url)
  const { page, complaints } = deck
  complaints.length = 0 // the page of before had to find out that it needs a key
  const answer = await page.goto(`${proxy.url}api/docs`)
  expect(answer?.headers()['content-security-policy']).not.toContain('unsafe')

  await page.getByRole('button', { name: 'Authorize' }).click()
  await page.getByLabel('auth-bearer-value').first().fill(key.key)
  await page.getByRole('button', { name: 'Apply credentials' }).first().click()
  await page.getByRole('button', { name: 'Close' }).first().click()
  await page.getByText('Formats, their options, presets, limits').click()
  await page.getByRole('button', { name: 'Try it out' }).click()
  const [tried] = await Promise.all([
    page.waitForResponse(`${proxy.url}api/formats`),
    page.getByRole('button', { name: 'Execute' }).click(),
  ])
  expect(tried.status()).toBe(200)
  await page.getByText('All codes').click()
  await page.getByRole('cell', { name: 'queue-full' }).waitFor()
  expect(await deck.isTooWide()).toBe(false)
  expect(complaints).toEqual([])
})

test('the API is described in light or dark as the reader has it', async () => {
  await using deck = await setting.open({ key: key.key, colorScheme: 'dark' })
  const { page, complaints } = deck
  complaints.length = 0
  await page.goto(new URL('api/docs/', setting.url()).href)
  await page.getByRole('button', { name: 'Authorize' }).waitFor()
  const dark = await page.evaluate<string>(background)
  await page.emulateMedia({ colorScheme: 'light' })
  await expect.poll(() => page.evaluate<string>(background)).not.toBe(dark)
  expect(complaints).toEqual([])
})
