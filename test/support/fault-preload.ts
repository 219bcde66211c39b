/**
 * Loaded into a program under test before anything else (`NODE_OPTIONS=--import`): names cannot be resolved while the
 * file NAMES_FAIL_WHILE exists, the exit code is told on stderr, and not even a test that is killed leaves it behind.
 */
import dns from 'node:dns'
import { existsSync, writeSync } from 'node:fs'

const flag = process.env['NAMES_FAIL_WHILE'] ?? ''
const resolve = dns.lookup.bind(dns) as (...args: unknown[]) => void

function lookup(hostname: string, ...rest: unknown[]): void {
  const callback = rest.at(-1)
  if (!existsSync(flag) || typeof callback !== 'function') return resolve(hostname, ...rest)
  const error = new Error(`getaddrinfo ENOTFOUND ${hostname}`)
  const facts = { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname }
  process.nextTick(() => (callback as (error: Error) => void)(Object.assign(error, facts)))
}

// node:net asks for this property with each connection, so that a running program loses its names, too.
Object.assign(dns, { lookup })
process.on('exit', (code) => writeSync(2, `exit code ${code}\n`))

const parent = process.ppid
const CHECK_EVERY_MS = 1000
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
}, CHECK_EVERY_MS).unref()
