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
export function useSetting() {
  let setting: Setting
  beforeAll(async () => {
    const [browser, program, folder] = await Promise.all([launchBrowser(), startProgram(), openFolder()])
    setting = { browser, program, folder }
  })
  afterAll(async () => {
    await setting.browser.close()
    await setting.program[Symbol.asyncDispose]()
    await setting.folder[Symbol.asyncDispose]()
  })
  return {
    url: () => setting.program.url,
    folder: () => setting.folder,
    open: (options?: BrowserContextOptions, url = setting.program.url) =>
      openDeck(setting.browser, new URL('./', url).href, options),
  }
}
