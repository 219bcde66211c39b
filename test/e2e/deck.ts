import type { Browser, BrowserContextOptions, Page, Route } from 'playwright-core'

/**
 * Notes every value a progress bar takes. Old values are noted, since several changes may be told of at once;
 * the last one is read from the page.
 */
const RECORDER = `
  window.progressSeen = {}
  new MutationObserver((changes) => {
    for (const { target, oldValue } of changes)
      (window.progressSeen[target.getAttribute('aria-label')] ??= []).push(Number(oldValue))
  }).observe(document, { subtree: true, attributeFilter: ['aria-valuenow'], attributeOldValue: true })
`

/** For one step, on a machine that has much else to do. */
const PATIENCE_MS = 90_000

/** A file has a bar for each way it goes. */
type Way = 'Upload' | 'Conversion'

export type Deck = Awaited<ReturnType<typeof openDeck>>

/** The page in a fresh profile of the browser, and what a person does with it. */
export async function openDeck(
  browser: Pick<Browser, 'newContext'>,
  url: string,
  { key, ...options }: BrowserContextOptions & { key?: string } = {},
) {
  const viewport = { width: 1280, height: 900 }
  // What moves is painted by the processor that the program needs; tests of movement ask for it.
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce', ...options })
  context.setDefaultTimeout(PATIENCE_MS)
  const page = await context.newPage()
  const complaints = complaintsOf(page, new URL(url).origin)
  await page.addInitScript({ content: RECORDER })
  await page.goto(url)
  if (key !== undefined) await enterKey(page, key)
  const format = (label: string) => page.getByRole('radio', { name: label, exact: true })
  await format('MP3').waitFor()
  const bar = (name: string, way: Way = 'Conversion') =>
    page.getByRole('progressbar', { name: `${way} of ${name}`, exact: true })
  const add = (...files: string[]) => page.getByLabel('Drop audio files here').setInputFiles(files)
  const download = (name: string) => page.getByRole('link', { name: `Download ${name}` })

  /**
   * Meets every request of a URL until the returned function is called, and lets later ones through. The route stays:
   * requests that are under way while a route is taken down can hang for ever.
   */
  const intercept = async (url: string, meet: (route: Route) => unknown) => {
    let active = true
    await page.route(url, (route) => (active ? meet(route) : route.continue()))
    return () => {
      active = false
    }
  }
  return {
    page,
    format,
    bar,
    /** Errors on the console and requests to other places: there should be none. */
    complaints,
    row: (name: string) =>
      page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) }),
    add,
    /** Adds files and asks for their conversion at once, so that it begins as soon as each is there. */
    async convert(...files: string[]) {
      await add(...files)
      await page.getByRole('button', { name: /^Convert \d+ files?$/ }).click()
    },
    download,
    /** All that a bar of a file showed, in order. */
    async progress(name: string, way: Way = 'Conversion'): Promise<number[]> {
      const seen = await page.evaluate<Record<string, number[]>>('window.progressSeen')
      const now = await bar(name, way).getAttribute('aria-valuenow')
      return [...(seen[`${way} of ${name}`] ?? []), Number(now)]
    },
    async save(name: string, file: string) {
      const [saved] = await Promise.all([page.waitForEvent('download'), download(name).click()])
      await saved.saveAs(file)
      return { file, suggestedName: saved.suggestedFilename() }
    },
    /** Meets the first request of a URL, and lets the others through. */
    async interceptOnce(url: string, meet: (route: Route) => Promise<void>) {
      const stop = await intercept(url, (route) => {
        stop()
        return meet(route)
      })
    },
    intercept,
    /** Whether anything sticks out at the side. */
    async isTooWide(): Promise<boolean> {
      return page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth')
    },
    [Symbol.asyncDispose]: () => context.close(),
  }
}

/** Types in the key of a server that asks for one. */
export async function enterKey(page: Page, key: string): Promise<void> {
  await page.getByLabel('Key').fill(key)
  await page.getByRole('button', { name: 'Open' }).click()
}

function complaintsOf(page: Page, origin: string): string[] {
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', ({ message }) => complaints.push(message))
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) complaints.push(`foreign request: ${request.url()}`)
  })
  return complaints
}
