import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import packed from '@sparticuz/chromium'
import { chromium, type Browser, type BrowserContext, type LaunchOptions } from 'playwright-core'

/** Flags of the package that make a browser softer than the ones people use, or that Playwright sets itself. */
const UNWANTED = [
  '--allow-running-insecure-content',
  '--disable-features',
  '--disable-setuid-sandbox',
  '--disable-site-isolation-trials',
  '--disable-web-security',
  '--enable-features',
  '--enable-unsafe-swiftshader',
  '--headless',
  '--ignore-gpu-blocklist',
  '--in-process-gpu',
  '--no-zygote',
  '--single-process',
  '--use-angle',
  '--use-gl',
]
const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-gpu', // an emulated one takes a third more of the processor than none
  '--disable-quic',
  '--no-first-run',
]

const run = promisify(execFile)
const packageEntry = createRequire(import.meta.url).resolve('@sparticuz/chromium')

/** The Chromium of the `@sparticuz/chromium` package, with a profile of its own that goes away with it. */
export const launchBrowser = async (): Promise<Browser> => chromium.launch(await launchOptions())

/** The same with the profile in `folder`, which stays for the next launch. */
export const launchProfile = async (folder: string): Promise<BrowserContext> =>
  chromium.launchPersistentContext(folder, await launchOptions())

async function launchOptions(): Promise<LaunchOptions> {
  const home = await unpack()
  const executablePath = join(home, 'chromium')
  const kept = packed.args.filter((flag) => !UNWANTED.some((unwanted) => flag.startsWith(unwanted)))
  const environment = {
    ...process.env,
    ...(await librariesFor(executablePath, home)),
    FONTCONFIG_FILE: join(home, 'fonts.conf'), // the same letters, as wide, on every machine
    LC_ALL: 'C.UTF-8', // a machine without a locale would show a file's name in question marks
  }
  return { executablePath, args: [...kept, ...QUIET], env: environment }
}

/**
 * Unpacks the package, once for each of its versions. In a process of its own, since it takes the temp folder from
 * the environment; and out of sight until all is there, since several test files begin at the same time.
 */
async function unpack(): Promise<string> {
  const home = join(tmpdir(), `tapedeck-${String(userInfo().uid)}-chromium-153`)
  if (existsSync(home)) return home
  const staging = await mkdtemp(`${home}-`)
  const script = `const { default: packed, inflate } = await import(process.argv[1])
    await packed.executablePath()
    await inflate(process.argv[2])`
  const archive = join(packageEntry, '../../bin/al2023.tar.br')
  const args = ['--input-type=module', '--eval', script, packageEntry, archive]
  await run(process.execPath, args, { env: { ...process.env, TMPDIR: staging } })
  await mkdir(join(staging, 'font-cache'))
  await writeFile(join(staging, 'fonts.conf'), fontsConfig(home))
  await rename(staging, home).catch(() => rm(staging, { recursive: true })) // another file was first
  return home
}

const fontsConfig = (home: string) =>
  `<fontconfig><dir>${home}/fonts/fonts</dir><cachedir>${home}/font-cache</cachedir></fontconfig>`

// A bare Linux lacks NSS and others; the package carries them for Lambda, which lacks them too.
async function librariesFor(executablePath: string, home: string): Promise<Record<string, string>> {
  const { stdout } = await run('ldd', [executablePath])
  return stdout.includes('not found') ? { LD_LIBRARY_PATH: join(home, 'al2023/lib') } : {}
}
