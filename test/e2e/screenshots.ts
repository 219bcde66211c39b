/**
 * Makes the pictures of the README from the running program, in both themes: `node test/e2e/screenshots.ts`. With a folder
 * as its argument it also puts pictures of the states of the page there, at the widths people have, to be looked at.
 */
import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { startProgram } from '../support/program.ts'
import { launchBrowser } from './browser.ts'
import buildPage from './build-page.ts'
import { openDeck, type Deck } from './deck.ts'
import { openFolder } from './folder.ts'

const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url))
const THEMES = ['light', 'dark'] as const
const WIDTHS = [360, 768, 1440]
const MINUTES = 8

const ffmpeg = (...args: string[]) => promisify(execFile)('ffmpeg', ['-v', 'error', '-y', ...args])

/** Something that looks like music: two voices that swell and fade, with a cover of two colours. */
async function compose(file: string, seconds: number, voice: number, colours: [string, string]) {
  const swell = `(0.25+0.75*sqrt(abs(sin(${voice}*t/7)*sin(t/${3 + voice}))))*(0.6+0.4*sin(t*${voice}))`
  const sound = `aevalsrc=0.8*sin(2*PI*${110 * voice}*t)*${swell}|0.7*sin(2*PI*${165 * voice}*t)*${swell}:d=${seconds}:s=44100`
  const [from, to] = colours
  const cover = `gradients=s=400x400:c0=${from}:c1=${to}:x0=0:y0=0:x1=400:y1=400:n=2:d=0.04:r=25`
  const picture = ['-frames:v', '1', '-c:v', 'mjpeg', '-disposition:v', 'attached_pic']
  await ffmpeg(
    '-f',
    'lavfi',
    '-i',
    sound,
    '-f',
    'lavfi',
    '-i',
    cover,
    '-map',
    '0:a',
    '-map',
    '1:v',
    ...picture,
    file,
  )
}

type Files = Record<'walk' | 'interview' | 'overture', string>

/** A policy that lets no text be run keeps Playwright from waiting in the page. */
async function until(page: Page, expression: string) {
  while (!(await page.evaluate(expression))) await page.waitForTimeout(100)
}

/** A page with a result, a conversion under way and a file that is being cut. */
async function act(deck: Deck, { walk, interview, overture }: Files) {
  const { page } = deck
  const name = (file: string) => file.slice(file.lastIndexOf('/') + 1)
  await deck.add(walk, interview, overture)
  for (const file of [walk, interview, overture]) await deck.row(name(file)).getByText('Uploaded').waitFor()
  const drawn = `document.querySelectorAll('li svg[viewBox$=" 256"]').length === 3`
  await until(page, drawn)
  await page.getByRole('button', { name: `Convert ${name(walk)}` }).click()
  await deck.download('Morning walk.mp3').waitFor()
  await page.getByLabel(`What ${name(interview)} becomes`).selectOption('Voice')
  await page.getByRole('button', { name: `Convert ${name(interview)}` }).click()
  await until(
    page,
    `Number(document.querySelector('[aria-label="Conversion of ${name(interview)}"]')?.ariaValueNow) > 35`,
  )
}

async function picture(
  browser: Browser,
  url: string,
  theme: (typeof THEMES)[number],
  files: Files,
  folder?: string,
) {
  await using deck = await openDeck(browser, url, {
    ...{ colorScheme: theme, viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.5 },
  })
  const { page } = deck
  await act(deck, files)
  await page.screenshot({ path: join(IMAGES, `page-${theme}.png`) })
  if (folder === undefined) return
  await page.getByRole('button', { name: 'Edit Overture.flac' }).click()
  await page.getByRole('button', { name: 'Details of Morning walk.flac' }).click()
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 })
    await page.screenshot({ path: join(folder, `${theme}-${width}.png`), fullPage: true })
  }
}

async function main(folder?: string) {
  await buildPage()
  await using started = new AsyncDisposableStack()
  const home = started.use(await openFolder())
  const program = started.use(await startProgram())
  const browser = started.adopt(await launchBrowser(), (running) => running.close())
  const files = {
    walk: join(home.path, 'Morning walk.flac'),
    interview: join(home.path, 'Interview, part one.flac'),
    overture: join(home.path, 'Overture.flac'),
  }
  await compose(files.walk, 95, 1, ['0xd8572a', '0xf7b538'])
  await compose(files.interview, MINUTES * 60, 2, ['0x1d3557', '0x6aa9c9'])
  await compose(files.overture, 240, 3, ['0x264027', '0x9cb380'])
  if (folder !== undefined) await mkdir(folder, { recursive: true })
  for (const theme of THEMES) await picture(browser, program.url, theme, files, folder)
}

await main(process.argv[2])
