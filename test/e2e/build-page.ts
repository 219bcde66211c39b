import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Sees to it that the page the browser gets is made of what is written now, however the tests were started. */
export default async function buildPage(): Promise<void> {
  const setup = fileURLToPath(new URL('../../scripts/setup.js', import.meta.url))
  // Vitest sets it to `test`, which would make a page for developers.
  const env = { ...process.env, NODE_ENV: 'production' }
  await promisify(execFile)(process.execPath, [setup], { env })
}
