import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { startProgram } from '../support/program.ts'
import { launchBrowser } from './browser.ts'
import { openDeck } from './deck.ts'
import { openFolder } from './folder.ts'

type Setting = {
  browser: Browser
  program: Awaited<ReturnType<typeof startProgram>>
  folder: Awaited<ReturnType<typeof openFolder>>
}

/** Starts the program and a browser for the tests of one file, and ends them after the last one. */
export function useSetting(env: Record<string, string> = {}) {
  const started = new AsyncDisposableStack()
  let setting: Setting
  beforeAll(async () => {
    const folder = started.use(await openFolder())
    const program = started.use(await startProgram({ env }))
    const browser = started.adopt(await launchBrowser(), (running) => running.close())
    setting = { browser, program, folder }
  })
  afterAll(() => started.disposeAsync())
  return {
    url: () => setting.program.url,
    folder: () => setting.folder,
    open: (options?: BrowserContextOptions & { key?: string }, url = setting.program.url) =>
      openDeck(setting.browser, new URL('./', url).href, options),
  }
}
