import { execFile } from 'node:child_process'
import path from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { isWell, type CheckResult } from '../../src/doctor/index.ts'
import { ensureBucket } from '../../src/aws/index.ts'
import { makeDataDir, makeTables, startStores, type SharedStores } from '../support/embedded.ts'
import { startProgram } from '../support/program.ts'

// A conversion of some seconds each, on a machine that may do much else.
vi.setConfig({ testTimeout: 180_000 })

let stores: SharedStores
beforeAll(async () => {
  stores = await startStores()
  await Promise.all([ensureBucket(stores.s3, stores.bucket), makeTables(stores, stores.prefix)])
})
afterAll(() => stores[Symbol.asyncDispose]())

const ROOT = path.resolve(import.meta.dirname, '../..')
const MAIN = ['--disable-warning=ExperimentalWarning', 'src/cli/main.ts']

/** Runs the command in a process of its own: how it ended, and what it printed. */
function run(args: string[], env: Record<string, string>): Promise<{ code: number; stdout: string }> {
  const options = { cwd: ROOT, env: { PATH: process.env['PATH'], ...env } }
  return new Promise((resolve) => {
    execFile(process.execPath, [...MAIN, ...args], options, (error, stdout) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout }),
    )
  })
}

const doctor = (env: Record<string, string>, ...flags: string[]) =>
  run(['doctor', ...flags], { ...stores.env, DATA_DIR: path.join(stores.folder, 'doctor'), ...env })

type Report = { version: string; ok: boolean; checks: CheckResult[] }

test('with --json it prints one document, and ends with 0 where nothing failed', async () => {
  const { code, stdout } = await doctor({}, '--json')
  const report = JSON.parse(stdout) as Report
  expect({ code, ok: report.ok }).toEqual({ code: 0, ok: true })
  expect(report.version).toMatch(/^\d+\.\d+\.\d+$/)
  expect(report.checks.at(-1)).toMatchObject({ name: 'cleanup', status: 'ok' })
  expect(isWell(report.checks)).toBe(true)
  for (const { status, found, advice = '' } of report.checks) {
    expect(found).not.toBe('')
    if (status === 'warn' || status === 'fail') expect(advice).not.toBe('')
  }
})

test('it ends with 1 where something failed, and prints a row for each check, with what to do', async () => {
  const { code, stdout } = await doctor({ S3_BUCKET_NAME: 'no-such-bucket', FFMPEG_PATH: '/nowhere' })
  expect(code).toBe(1)
  expect(stdout).toMatch(/^ok +configuration +Role all/m)
  expect(stdout).toMatch(/^fail +bucket +There is no bucket no-such-bucket\.\n +→ Correct S3_BUCKET_NAME/m)
  expect(stdout).toMatch(/^skipped +objects +It needs "bucket"\.$/m)
  expect(stdout).toMatch(/^Something is wrong: \d+ ok, 0 warn, 2 fail, \d+ skipped\.$/m)
})

test('flags that make no sense are refused, and so are those of the doctor with another command', async () => {
  const wrong = [
    ['doctor', '--live', '--live-timeout', '0'],
    ['doctor', '--live-timeout', '5'],
    ['doctor', 'now'],
    ['sweep', '--json'],
  ]
  for (const args of wrong) expect(await run(args, stores.env), args.join(' ')).toMatchObject({ code: 2 })
})

test('embedded stores that a program has are told as in use, and those of nobody as not made', async () => {
  await using folder = await makeDataDir()
  const env = { DATA_DIR: folder.path, FFMPEG_PATH: '/nowhere' }
  const fresh = await run(['doctor'], env)
  expect(fresh).toMatchObject({ code: 1 })
  expect(fresh.stdout).toMatch(
    /^fail +stores +There are no embedded stores in .* yet\.\n +→ Start `tapedeck serve` once/m,
  )
  {
    await using program = await startProgram({ dataDir: folder.path, embedded: true })
    const beside = await run(['doctor'], env)
    expect(beside).toMatchObject({ code: 1 })
    expect(beside.stdout).toMatch(/^fail +stores +The data folder .* is in use by another process/m)
    expect(beside.stdout).toContain('→ Embedded stores belong to one process: stop `tapedeck serve`')
    expect((await fetch(`${program.url}/api/health/ready`)).status).toBe(200)
  }
  const after = await run(['doctor'], { ...env, FFMPEG_PATH: '' })
  expect(after).toMatchObject({ code: 0 })
  expect(after.stdout).toMatch(/^ok +conversion +120 s of sound became flac/m)
})
