import { cruise } from 'dependency-cruiser'
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '../..')
type Rules = { forbidden: { name: string }[]; options: object }
const rules = createRequire(import.meta.url)(path.join(ROOT, '.dependency-cruiser.cjs')) as Rules

/** One bad import a rule: the file that has it, and what it imports. */
const PLANTED: Record<string, [file: string, imports: string]> = {
  'no-circular': ['src/kernel/chicken.ts', './egg.ts'],
  'no-orphans': ['src/aws/alone.ts', ''],
  'kernel-is-the-floor': ['src/kernel/climber.ts', '../aws/index.ts'],
  'contract-is-shapes-only': ['src/contract/thinker.ts', '../kernel/index.ts'],
  'client-knows-the-contract-only': ['src/client/nosy.ts', '../kernel/index.ts'],
  'tools-stand-on-the-kernel': ['src/aws/informed.ts', '../contract/index.ts'],
  'ffmpeg-knows-the-contract-only': ['src/ffmpeg/informed.ts', '../uploads/index.ts'],
  'features-know-no-door': ['src/uploads/doorman.ts', '../http/index.ts'],
  'features-by-the-front-door': ['src/conversions/burglar.ts', '../uploads/inside.ts'],
  'doors-by-the-front-door': ['src/http/burglar.ts', '../uploads/inside.ts'],
  'uploads-stand-alone': ['src/uploads/lonely.ts', '../progress/index.ts'],
  'progress-stands-alone': ['src/progress/lonely.ts', '../uploads/index.ts'],
  'nobody-needs-cleanup': ['src/conversions/tidy.ts', '../cleanup/index.ts'],
  'aws-sdk-lives-in-aws-and-stores': ['src/uploads/caller.ts', '@aws-sdk/client-s3'],
  'fastify-lives-at-the-door': ['src/conversions/server.ts', 'fastify'],
  'one-file-knows-opentelemetry': ['src/uploads/tracer.ts', '@opentelemetry/api'],
  'only-ffmpeg-and-embedded-spawn': ['src/uploads/parent.ts', 'node:child_process'],
  'only-conversions-encode': ['src/uploads/encoder.ts', '../ffmpeg/index.ts'],
  'only-the-wiring-embeds': ['src/aws/embedder.ts', '../embedded/index.ts'],
  'http-only-assembles': ['src/http/wirer.ts', '../config/index.ts'],
  'doctor-wires-nothing': ['src/doctor/surgeon.ts', '../embedded/index.ts'],
  'nobody-needs-the-doctor': ['src/conversions/ill.ts', '../doctor/index.ts'],
  'src-needs-no-test': ['src/aws/tested.ts', '../../test/index.ts'],
  'infra-by-the-front-door': ['infra/lib/nosy.ts', '../../src/http/index.ts'],
  'web-sees-contract-and-client-only': ['web/src/nosy.ts', '../../src/kernel/index.ts'],
}
const ROOMS =
  'kernel contract client aws ffmpeg config embedded uploads progress conversions cleanup doctor http cli'

let tree = ''
let fired: { rule: string; from: string }[] = []

beforeAll(async () => {
  tree = await mkdtemp(path.join(os.tmpdir(), 'tapedeck-walls-'))
  await symlink(path.join(ROOT, 'node_modules'), path.join(tree, 'node_modules'))
  for (const file of ['tsconfig.json', 'package.json'])
    await copyFile(path.join(ROOT, file), path.join(tree, file))
  for (const room of ROOMS.split(' ')) await plant(`src/${room}/index.ts`, '')
  await plant('test/index.ts', '')
  await plant('src/uploads/inside.ts', '')
  await plant('src/kernel/egg.ts', './chicken.ts')
  for (const [file, imports] of Object.values(PLANTED)) await plant(file, imports)
  fired = await violations()
}, 30_000)
afterAll(() => rm(tree, { recursive: true, force: true }))

async function plant(file: string, imports: string): Promise<void> {
  await mkdir(path.dirname(path.join(tree, file)), { recursive: true })
  const line = imports === '' ? '' : `import * as all from '${imports}'\nexport const used = all\n`
  await writeFile(path.join(tree, file), `${line}export const one = 1\n`)
}

async function violations() {
  const options = { ...rules.options, baseDir: tree, validate: true, ruleSet: { forbidden: rules.forbidden } }
  const { output } = await cruise(['src', 'web', 'infra'], options as Parameters<typeof cruise>[1])
  if (typeof output === 'string') throw new Error(output)
  return output.summary.violations.map(({ rule, from }) => ({ rule: rule.name, from }))
}

test('every wall has a bad import planted against it here', () => {
  expect(Object.keys(PLANTED)).toEqual(rules.forbidden.map(({ name }) => name))
})

test.each(Object.entries(PLANTED))('%s fires', (rule, [file]) => {
  expect(fired).toContainEqual({ rule, from: file })
})
