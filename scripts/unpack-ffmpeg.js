// Unpacks the FFmpeg of a Debian suite into a folder, with all its libraries and without touching the system:
//   node scripts/unpack-ffmpeg.js SUITE FOLDER        (a suite as `trixie` or `sid`)
// `ffmpeg` and `ffprobe` in that folder then run from anywhere, and `npm run test:ffmpeg -- FOLDER` tests with them. Needs
// apt and dpkg, and asks no other mirror than the one apt is configured with. About 500 MB.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const TOOLS = ['ffmpeg', 'ffprobe']

function main([suite, folder]) {
  if (!suite || !folder) stop('Usage: node scripts/unpack-ffmpeg.js SUITE FOLDER')
  const place = path.resolve(folder)
  if (existsSync(place) && readdirSync(place).length > 0) stop(`${place} is not empty.`)
  const [root, work] = [path.join(place, 'root'), mkdtempSync(path.join(tmpdir(), 'unpack-ffmpeg-'))]
  mkdirSync(root, { recursive: true })
  try {
    for (const archive of download(suite, work)) run('dpkg-deb', ['--extract', archive, root])
  } finally {
    rmSync(work, { recursive: true })
  }
  for (const tool of TOOLS) console.log(writeWrapper(place, root, tool))
}

/** Packages of FFmpeg and of all it needs, as files: to an empty package database nothing is installed yet. */
function download(suite, work) {
  const at = (name) => path.join(work, name)
  const archives = at('cache/archives')
  for (const name of ['lists/partial', 'cache/archives/partial']) mkdirSync(at(name), { recursive: true })
  writeFileSync(at('status'), '')
  writeFileSync(
    at('sources.list'),
    `deb ${existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : ''}${mirror()} ${suite} main\n`,
  )
  const settings = [
    `Dir::Etc::sourcelist=${at('sources.list')}`,
    'Dir::Etc::sourceparts=/dev/null',
    'Dir::Etc::preferences=/dev/null',
    'Dir::Etc::preferencesparts=/dev/null',
    `Dir::State=${work}`,
    `Dir::State::status=${at('status')}`,
    `Dir::Cache=${at('cache')}`,
    // The folder is this user's own, which apt's user for downloads may not enter.
    'APT::Sandbox::User=root',
  ].flatMap((setting) => ['-o', setting])
  run('apt-get', [...settings, '-qq', 'update'])
  run('apt-get', [
    ...settings,
    '-qq',
    '-y',
    '--no-install-recommends',
    '--download-only',
    'install',
    'ffmpeg',
  ])
  return readdirSync(archives)
    .filter((name) => name.endsWith('.deb'))
    .map((name) => path.join(archives, name))
}

/** Where this machine gets its own packages from. */
function mirror() {
  const [first] = run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']).split(
    '\n',
  )
  return first || stop('apt has no source of packages on this machine.')
}

/** Writes a script that starts a tool with the loader and the libraries of its own system; gives its version. */
function writeWrapper(place, root, tool) {
  const libraries = libraryFolders(root)
  const command = [
    loaderIn(libraries),
    // Nothing of the system around it, which may have libraries of the same names.
    '--inhibit-cache',
    '--library-path',
    [...libraries, ...libraries.flatMap(foldersOfLibraries)].join(':'),
    path.join(root, 'usr/bin', tool),
  ]
  const file = path.join(place, tool)
  // `exec`: signals reach the tool itself.
  writeFileSync(file, `#!/bin/sh\nexec ${command.map(quoted).join(' ')} "$@"\n`)
  chmodSync(file, 0o755)
  return run(file, ['-version']).split('\n')[0]
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`

/** Those of one architecture, as `usr/lib/x86_64-linux-gnu`; older suites have a second one, in `lib`. */
const libraryFolders = (root) =>
  ['usr/lib', 'lib'].flatMap((name) => {
    const all = path.join(root, name)
    const own = existsSync(all) ? readdirSync(all).filter((one) => one.includes('-linux-gnu')) : []
    return own.map((one) => path.join(all, one))
  })

function loaderIn(folders) {
  const all = folders.flatMap((folder) => readdirSync(folder).map((name) => path.join(folder, name)))
  return all.find((file) => /^ld-linux.*\.so/.test(path.basename(file))) ?? stop('There is no loader in it.')
}

/** Folders inside with libraries that belong to others: an installed system finds them by links and settings. */
const foldersOfLibraries = (libraries) =>
  readdirSync(libraries, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(libraries, entry.name))
    .filter((folder) => readdirSync(folder).some((name) => /^lib.*\.so/.test(name)))

function run(command, args) {
  const { status, stdout, error } = spawnSync(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' },
  })
  if (status !== 0) stop(`${command} failed${error ? ` (${error.message})` : ''}.`)
  return stdout
}

/** Ends the script with a sentence and no stack. */
class Stopped extends Error {}

function stop(why) {
  throw new Stopped(why)
}

try {
  main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Stopped)) throw error
  process.stderr.write(`unpack-ffmpeg: ${error.message}\n`)
  process.exitCode = 1
}
