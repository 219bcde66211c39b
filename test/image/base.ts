import { existsSync } from 'node:fs'
import { cp, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { command, say } from './build.ts'
import { inRoot } from './root.ts'

const NODE_PACKAGE = path.resolve(import.meta.dirname, '../../node_modules/node')

/** Major version of npm that comes with Node 24. */
const NPM = 'npm@11'

/**
 * Makes what the base image has, from where this machine may fetch: Debian by debootstrap, Node from its npm package, npm,
 * the user `node` (1000). What debootstrap made is kept in `work` for the next time.
 */
export async function makeBase(image: string, work: string): Promise<void> {
  const { version, suite } = baseOf(image)
  const { version: here } = JSON.parse(await readFile(path.join(NODE_PACKAGE, 'package.json'), 'utf8')) as {
    version: string
  }
  if (here !== version) throw new Error(`The image has Node ${version}, the npm package Node ${here}`)
  const debian = path.join(work, 'debian')
  const base = path.join(work, 'base')
  if (!existsSync(path.join(debian, 'etc/debian_version'))) {
    say(`debootstrap ${suite}`)
    command('debootstrap', ['--variant=minbase', suite, debian])
  }
  command('cp', ['-a', debian, base])
  await addUpdates(base, suite)
  await cp(path.join(NODE_PACKAGE, 'bin/node'), path.join(base, 'usr/local/bin/node'))
  command('npm', ['install', '--global', '--silent', '--prefix', path.join(base, 'usr/local'), NPM])
  // Images of Debian keep no packages that are installed.
  const user =
    'apt-get clean && groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node'
  inRoot({ root: base, directory: '/', env: {}, command: ['/bin/sh', '-c', user] })
}

/** Of `node:<version>-<suite>-slim`. */
export function baseOf(image: string): { version: string; suite: string } {
  const [, version, suite] = /^node:(\d+\.\d+\.\d+)-([a-z]+)-slim$/.exec(image) ?? []
  if (!version || !suite) throw new Error(`${image} is not of the form node:<version>-<suite>-slim`)
  return { version, suite }
}

/** debootstrap names the release alone; images have its updates too. */
async function addUpdates(base: string, suite: string): Promise<void> {
  const file = path.join(base, 'etc/apt/sources.list')
  const [, mirror = ''] = /^deb (\S+)/m.exec(await readFile(file, 'utf8')) ?? []
  const lines = [
    [mirror, suite],
    [mirror, `${suite}-updates`],
    [mirror.replace(/debian\/?$/, 'debian-security'), `${suite}-security`],
  ]
  await writeFile(file, lines.map(([url, name]) => `deb ${url} ${name} main\n`).join(''))
}
