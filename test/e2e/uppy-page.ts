import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { build } from 'vite'

export type UppyMajor = 5 | 6

/** What a page told of one file: each event by its name, and what the last upload ended with. */
export type UppyReport = { parts: number[]; body?: { location: string; key: string }; error?: string }

/** Any document of the service will do: whoever made the page, the browser takes it for one of that origin. */
const PAGE = '/api/health/live'
const LIBRARY = '/library-of-the-test.js'

const bundles = new Map<UppyMajor, Promise<string>>()

/** The packages as npm has them, in one file for the browser; built once for all tests. */
function bundleOf(major: UppyMajor): Promise<string> {
  const bundle = bundles.get(major) ?? buildBundle(major)
  bundles.set(major, bundle)
  return bundle
}

async function buildBundle(major: UppyMajor): Promise<string> {
  const entry = fileURLToPath(new URL(`../uppy/${major}/library.js`, import.meta.url))
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: { write: false, lib: { entry, formats: ['es'], fileName: 'library' } },
  })
  const [{ output } = { output: [] }] = Array.isArray(built) ? built : []
  return output.map((file) => (file.type === 'chunk' ? file.code : '')).join('')
}

/** A page of somebody else that uses Uppy, with the origin of the service. */
export async function openUppyPage(browser: Browser, origin: string, major: UppyMajor) {
  const library = await bundleOf(major)
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.route(`${origin}${LIBRARY}`, (route) =>
    route.fulfill({ contentType: 'text/javascript', body: library }),
  )
  await page.goto(`${origin}${PAGE}`)
  await page.addScriptTag({ url: LIBRARY, type: 'module' })
  return {
    page,
    /** Makes an Uppy with the S3 plugin on `base` and adds a file of zeros after `head`, `sizeBytes` large. */
    start: (base: string, file: { head: number[]; sizeBytes: number }) =>
      page.evaluate(startUppy, { base, ...file, major }),
    report: () => page.evaluate<UppyReport>('window.uppyReport'),
    call: (what: string) => page.evaluate(`window.uppy.${what}`),
    [Symbol.asyncDispose]: () => context.close(),
  }
}
export type UppyPage = Awaited<ReturnType<typeof openUppyPage>>

type Start = { base: string; head: number[]; sizeBytes: number; major: UppyMajor }

/** Runs in the page. */
function startUppy({ base, head, sizeBytes, major }: Start): void {
  type Plugin = new (...args: never[]) => unknown
  type UppyLike = {
    use: (plugin: Plugin, options: object) => UppyLike
    on: (event: string, listener: (...args: never[]) => void) => UppyLike
    addFile: (file: object) => string
    setFileMeta: (id: string, meta: object) => void
    upload: () => Promise<unknown>
  }
  const { uppyLibrary } = globalThis as unknown as {
    uppyLibrary: { AwsS3: Plugin; Uppy: new () => UppyLike }
  }
  const { AwsS3, Uppy } = uppyLibrary
  const endpoint = major === 5 ? { endpoint: base } : { companionEndpoint: base }
  const report: UppyReport = { parts: [] }
  const uppy = new Uppy()
    .use(AwsS3, { ...endpoint, shouldUseMultipart: true })
    .on('file-added', ({ id, size }: { id: string; size: number }) => uppy.setFileMeta(id, { size }))
    .on('s3-multipart:part-uploaded', (_file: object, { PartNumber }: { PartNumber: number }) =>
      report.parts.push(PartNumber),
    )
    .on('upload-success', (_file: object, { body }: { body: NonNullable<UppyReport['body']> }) => {
      report.body = body
    })
    .on('upload-error', (_file: object, { message }: Error) => {
      report.error = message
    })
  const bytes = new Uint8Array(sizeBytes)
  bytes.set(head)
  uppy.addFile({ name: 'tone.wav', type: 'audio/wav', data: new Blob([bytes]) })
  Object.assign(globalThis, { uppy, uppyReport: report })
  void uppy.upload()
}
