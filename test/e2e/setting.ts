import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, test } from 'vitest'
import { pacedFfmpeg } from '../support/tools.ts'
import { startProgram, type Program } from '../support/program.ts'
import { launchBrowser } from './browser.ts'
import { openDeck } from './deck.ts'
import { openFolder } from './folder.ts'

type Folder = Awaited<ReturnType<typeof openFolder>>

/** Of FFmpeg, times real time: half a minute takes three seconds, in which a test can look at a conversion that runs. */
export const PACE = 10
/** The smallest: half a minute of WAV goes up in two parts. */
const PART_SIZE_MIB = '5'

/** A browser, a folder and a program that all files of a worker share, and that end with it. */
const shared = test
  .extend('browser', { scope: 'worker' }, async ({}, { onCleanup }) => {
    const browser = await launchBrowser()
    onCleanup(() => browser.close())
    return browser
  })
  .extend('folder', { scope: 'worker' }, async ({}, { onCleanup }) => {
    const folder = await openFolder()
    onCleanup(() => folder[Symbol.asyncDispose]())
    return folder
  })
  .extend('program', { scope: 'worker' }, async ({ folder }, { onCleanup }) => {
    const FFMPEG_PATH = await pacedFfmpeg(folder.path, PACE)
    const program = await startProgram({ env: { FFMPEG_PATH, PART_SIZE_MIB } })
    onCleanup(() => program[Symbol.asyncDispose]())
    return program
  })

/** The program, a browser and a folder for the tests of one file; with settings it is a program of this file alone. */
export function useSetting(env?: Record<string, string>) {
  const started = new AsyncDisposableStack()
  let browser: Browser
  let folder: Folder
  let program: Program
  shared.beforeAll(({ browser: running, folder: made }) => {
    browser = running
    folder = made
  })
  if (env)
    beforeAll(async () => {
      program = started.use(await startProgram({ env: { PART_SIZE_MIB, ...env } }))
    })
  else
    shared.beforeAll(({ program: running }) => {
      program = running
    })
  afterAll(() => started.disposeAsync())
  return {
    url: () => program.url,
    folder: () => folder,
    browser: () => browser,
    open: (options?: BrowserContextOptions & { key?: string }, url = program.url) =>
      openDeck(browser, new URL('./', url).href, options),
  }
}
