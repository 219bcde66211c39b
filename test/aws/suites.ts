import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { TEST_PREFIX } from '../support/leftovers.ts'
import { describeSweep, sweep, type Clients } from './sweep.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const VITEST = path.join(ROOT, 'node_modules/vitest/vitest.mjs')

/**
 * Runs suites that name all they make after `run`, and removes what is there of it afterwards, however they end. Gives
 * their exit code, or 1 when something could not be removed.
 */
export async function leaveNothing(
  clients: Clients,
  run: string,
  suites: () => Promise<number>,
): Promise<{ code: number; report: string }> {
  const ended = await suites().then(
    (code) => ({ code, report: '' }),
    (error: unknown) => ({ code: 1, report: `${String(error)}\n` }),
  )
  const swept = await sweep(clients, { prefix: `${TEST_PREFIX}${run}-`, before: Infinity })
  const code = ended.code === 0 && swept.failures.length > 0 ? 1 : ended.code
  return { code, report: ended.report + describeSweep(swept) }
}

/** Runs all suites that need stores, or files of them, on AWS; gives the exit code. A signal to this process ends them first. */
export async function runVitest(files: string[], env: Record<string, string | undefined>): Promise<number> {
  const projects = ['contract', 'integration', 'e2e'].flatMap((name) => ['--project', name])
  const args = [VITEST, 'run', ...projects, ...files]
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'inherit', 'inherit'] })
  // A terminal sends Ctrl-C to both of us; this process still has to clean up.
  const stay = () => undefined
  const pass = () => child.kill('SIGTERM')
  process.on('SIGINT', stay).on('SIGTERM', pass)
  const [code] = (await once(child, 'close')) as [number | null]
  process.off('SIGINT', stay).off('SIGTERM', pass)
  return code ?? 1
}
