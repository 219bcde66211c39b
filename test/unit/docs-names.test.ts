import { access, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { Environment } from '../../src/config/config.ts'
import { anchors, code, links, markdownFiles, read, ROOT, rows } from './markdown.ts'

/** Each finding is one line, `file: what`, so that all are seen at once. */
async function inEveryDocument(find: (file: string, text: string) => string[] | Promise<string[]>) {
  const found = []
  for (const file of await markdownFiles())
    for (const what of await find(file, await read(file))) found.push(`${file}: ${what}`)
  return found
}

test('every link within the project leads to a file, and to a heading of it', async () => {
  const broken = await inEveryDocument(async (file, text) => {
    const local = links(text).filter((link) => !/^https?:/.test(link))
    const checked = await Promise.all(
      local.map(async (link) => ((await leadsSomewhere(file, text, link)) ? [] : [link])),
    )
    return checked.flat()
  })
  expect(broken).toEqual([])
})

async function leadsSomewhere(file: string, text: string, link: string): Promise<boolean> {
  const [target = '', anchor] = link.split('#')
  const place = path.join(path.dirname(file), target)
  if (target !== '' && !(await exists(place))) return false
  return anchor === undefined || anchors(target === '' ? text : await read(place)).includes(anchor)
}

const exists = (place: string) =>
  access(path.join(ROOT, place)).then(
    () => true,
    () => false,
  )

test('every document is found from the index of docs/', async () => {
  const index = links(await read('docs/README.md')).map((link) => path.join('docs', link))
  const inIndex = (file: string) => index.includes(file) || file.startsWith('docs/adr/')
  const documents = (await markdownFiles()).filter((file) => file.startsWith('docs/'))
  expect(documents.filter((file) => file !== 'docs/README.md' && !inIndex(file))).toEqual([])
  expect(index).toContain('docs/adr')
})

test('every script of npm that a document names is there', async () => {
  const known = new Set(Object.keys(packageJson.scripts))
  const unknown = await inEveryDocument((_, text) => {
    const named = code(text).flatMap((one) => [...one.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)])
    return named.map(([, run, own]) => run ?? own ?? '').filter((name) => !known.has(name))
  })
  expect(unknown).toEqual([])
})

test('every command of the program that a document names is there, with its flags', async () => {
  const source = await read('src/cli/commands.ts')
  const commands = [...source.matchAll(/command === '(\w+)'/g)].map(([, name]) => name)
  const flags = [...source.matchAll(/--[a-z][a-z-]+/g)].map(([flag]) => flag)
  const unknown = await inEveryDocument((_, text) =>
    code(text)
      .flatMap((one) => [...one.matchAll(/(?:^|npx )tapedeck ([a-z]+)([^\n#|;&]*)/gm)])
      .flatMap(([, command = '', rest = '']) => [
        ...(commands.includes(command) ? [] : [command]),
        ...(rest.match(/--[a-z][a-z-]+/g) ?? []).filter((flag) => !flags.includes(flag)),
      ]),
  )
  expect(commands.length).toBeGreaterThan(2)
  expect(unknown).toEqual([])
})

/** What the SDK reads by itself (AWS: "AWS SDKs and Tools Reference Guide", settings). */
const OF_THE_SDK = [
  ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE', 'AWS_ROLE_ARN'],
  ...['AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_CONTAINER_CREDENTIALS_', 'AWS_CA_BUNDLE'],
]
/** What the SDK of OpenTelemetry reads by itself (OpenTelemetry: "Environment Variable Specification"). */
const OF_OPENTELEMETRY = ['OTEL_SERVICE_NAME', 'OTEL_RESOURCE_ATTRIBUTES', 'OTEL_EXPORTER_OTLP_HEADERS']
/** Names in capitals that are no variables: of DynamoDB, S3 and Ogg. */
const NO_VARIABLES = ['KEYS_ONLY', 'ALL_OLD', 'PAY_PER_REQUEST', 'FULL_OBJECT', 'METADATA_BLOCK_PICTURE']

test('every variable that a document names is read by somebody', async () => {
  const beside = await sourceOf(['scripts', 'deploy', 'infra/lib', 'test/support', 'test/simulation'])
  const inContract = await sourceOf(['test/contract', 'test/integration'])
  const known = new Set([
    ...Object.keys(Environment.shape),
    ...OF_THE_SDK,
    ...OF_OPENTELEMETRY,
    ...NO_VARIABLES,
  ])
  const isRead = (name: string) =>
    known.has(name) ||
    new RegExp(`\\b${name}\\b`).test(/^(TEST|CONTRACT)_/.test(name) ? inContract + beside : beside)
  const unknown = await inEveryDocument((_, text) => {
    const names = code(text).flatMap(
      (one) => one.match(/\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b|\b[A-Z]{3,}(?==)/g) ?? [],
    )
    return [...new Set(names)].filter((name) => !isRead(name))
  })
  expect(unknown).toEqual([])
})

async function sourceOf(folders: string[]): Promise<string> {
  const texts = folders.map(async (folder) => {
    const names = await readdir(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    const files = names.filter((one) => one.isFile() && /\.(ts|js|ya?ml)$/.test(one.name))
    return Promise.all(files.map((one) => readFile(path.join(one.parentPath, one.name), 'utf8')))
  })
  return (await Promise.all(texts)).flat().join('\n')
}

const OF_THE_PROJECT = /^(src|web|test|infra|bench|scripts|docs|deploy)(\/[\w.-]+)+\/?$/
/** What CONTRIBUTING.md says how to make. */
const YET_TO_COME = ['web/src/messages/fr.ts']

test('every path of the project that a document names is there', async () => {
  const missing = await inEveryDocument(async (file, text) => {
    if (file === 'CHANGELOG.md') return [] // what was, may be gone
    const paths = code(text).filter((one) => OF_THE_PROJECT.test(one) && !YET_TO_COME.includes(one))
    const checked = await Promise.all(paths.map(async (one) => ((await exists(one)) ? [] : [one])))
    return checked.flat()
  })
  expect(missing).toEqual([])
})

test('every message that troubleshooting quotes as seen is in the source', async () => {
  const text = await read('docs/how-to/troubleshooting.md')
  const seen = text.split('\n\n').filter((paragraph) => /^\*\*Seen:\*\*|^\| Then/.test(paragraph))
  const firstCells = (paragraph: string) => paragraph.replaceAll(/^(\|[^|]*\|).*$/gm, '$1')
  const quoted = seen.flatMap((paragraph) => code(firstCells(paragraph)))
  // What it says is put together of pieces in some places: a quote may not reach over such a seam.
  const source = (await sourceOf(['src'])).replaceAll(/' \+\s+'/g, '')
  expect(quoted.length).toBeGreaterThan(30)
  expect(quoted.filter((one) => !BY_OTHERS.includes(one) && !source.includes(one))).toEqual([])
})

/** What stores, Node and JSON say. */
const BY_OTHERS = [
  ...['listen EADDRINUSE', 'ResourceNotFoundException', '"state":"queued"'],
  ...['/api/health/ready', 'stale: true'],
]

test('the operations asked of an S3 are documented, and no others', async () => {
  const [, chapter = ''] = (await read('docs/how-to/s3-clones.md')).split('## What is asked of it')
  const documented = rows(chapter.split('And of how')[0] ?? '').flatMap(([names = '']) => names.split(', '))
  const rooms = ['aws', 'uploads', 'conversions', 'progress', 'cleanup', 'doctor', 'cli', 'http']
  const source = await sourceOf(rooms.map((room) => `src/${room}`))
  const imports = [...source.matchAll(/import \{([^}]*)\} from '@aws-sdk\/client-s3'/g)].map(
    ([, names = '']) => names,
  )
  const commands = imports.flatMap((names) => [...names.matchAll(/(\w+)Command\b/g)].map(([, name]) => name))
  const pages = imports.flatMap((names) => [...names.matchAll(/paginate(\w+)/g)].map(([, name]) => name))
  expect([...new Set(documented)].sort()).toEqual([...new Set([...commands, ...pages])].sort())
})
