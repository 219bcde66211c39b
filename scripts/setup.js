// Runs in front of `npm start` and `npm test`, on whatever Node is there (20 or newer) and without dependencies:
// makes sure of the packages, FFmpeg and the built page. Does nothing, in silence, when all is there. With `infra` also of
// the packages of infra/, which nobody needs who only runs the service.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const OLDEST_NODE = 20
/** Set to anything, no system package is installed. */
const OPT_OUT = 'TAPEDECK_NO_SYSTEM_PACKAGES'

const PACKAGE_MANAGERS = [
  {
    tool: 'apt-get',
    commands: [
      ['update', '-qq'],
      ['install', '-y', '-qq', '--no-install-recommends', 'ffmpeg'],
    ],
  },
  { tool: 'dnf', commands: [['install', '-y', '-q', 'ffmpeg-free']] },
  { tool: 'pacman', commands: [['-Sy', '--noconfirm', 'ffmpeg']] },
  { tool: 'zypper', commands: [['--non-interactive', 'install', 'ffmpeg']] },
]

const PACKAGES_STAMP = path.join('node_modules', '.tapedeck-setup')
const INFRA = 'infra'
const PAGE_STAMP = path.join('dist', 'page.stamp')
const PAGE = path.join('dist', 'web', 'index.html')
const PAGE_SOURCES = ['web', 'src/client', 'src/contract', 'package-lock.json']

function main() {
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE)
    stop(`Node ${process.versions.node} is too old: install Node ${OLDEST_NODE} or newer.`)
  installPackages('.')
  if (process.argv.includes(INFRA)) installPackages(INFRA)
  installFfmpeg()
  buildPage()
}

function installPackages(folder) {
  const wanted = hashOf([path.join(folder, 'package-lock.json')])
  const stamp = path.join(folder, PACKAGES_STAMP)
  if (stampOf(stamp) === wanted) return
  const whose = folder === '.' ? '' : ` of ${folder}/`
  say(`installing packages from the lockfile${whose} (npm ci)`)
  run(
    'npm',
    ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    'npm ci failed. Its message is above; fix that and start again.',
    { folder },
  )
  writeFileSync(path.join(ROOT, stamp), wanted)
}

function installFfmpeg() {
  const { FFMPEG_PATH: ffmpeg = 'ffmpeg', FFPROBE_PATH: ffprobe = 'ffprobe' } = process.env
  if (works(ffmpeg, ['-version']) && works(ffprobe, ['-version'])) return
  const advice = `Install FFmpeg 5.1 or newer (Debian, Ubuntu: apt-get install ffmpeg), or set FFMPEG_PATH and FFPROBE_PATH.`
  if (process.env[OPT_OUT]) stop(`FFmpeg is missing, and ${OPT_OUT} is set. ${advice}`)
  const manager = PACKAGE_MANAGERS.find(({ tool }) => works(tool, ['--version']))
  if (!manager) stop(`FFmpeg is missing, and no known package manager is here. ${advice}`)
  const root = process.getuid?.() === 0
  if (!root && !works('sudo', ['--version']))
    stop(`FFmpeg is missing, and only root can install it here. ${advice}`)
  say(`installing FFmpeg with ${manager.tool} (set ${OPT_OUT}=1 to be asked to do it yourself instead)`)
  for (const args of manager.commands) {
    const [command, ...rest] = [...(root ? [] : ['sudo']), manager.tool, ...args]
    run(command, rest, `FFmpeg could not be installed with ${manager.tool}. ${advice}`, {
      quiet: true,
      environment: { DEBIAN_FRONTEND: 'noninteractive' },
    })
  }
}

function buildPage() {
  const wanted = hashOf(PAGE_SOURCES)
  if (stampOf(PAGE_STAMP) === wanted && existsSync(path.join(ROOT, PAGE))) return
  say('building the page')
  const node = path.join('node_modules', 'node', 'bin', 'node')
  const vite = path.join('node_modules', 'vite', 'bin', 'vite.js')
  run(
    node,
    [vite, 'build', 'web', '--logLevel', 'warn'],
    'The page could not be built; the message is above.',
  )
  writeFileSync(path.join(ROOT, PAGE_STAMP), wanted)
}

const works = (command, args) =>
  spawnSync(command, args, { stdio: 'ignore', env: { ...process.env, LC_ALL: 'C' } }).status === 0

/** Runs a command in a folder of the project. What it reports is shown on stderr; `stop` says what to do when it fails. */
function run(command, args, otherwise, { folder = '.', quiet = false, environment = {} } = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: path.join(ROOT, folder),
    stdio: ['inherit', quiet ? 'ignore' : 2, 2],
    env: { ...process.env, ...environment },
  })
  if (status !== 0) stop(error ? `${otherwise} (${error.message})` : otherwise)
}

function stampOf(file) {
  const place = path.join(ROOT, file)
  return existsSync(place) ? readFileSync(place, 'utf8') : undefined
}

/** One hash over names and contents of all files below these paths. */
function hashOf(paths) {
  const hash = createHash('sha256')
  for (const file of paths.flatMap(filesBelow))
    hash.update(`${file}\0`).update(readFileSync(path.join(ROOT, file)))
  return hash.digest('hex')
}

function filesBelow(name) {
  if (!statSync(path.join(ROOT, name)).isDirectory()) return [name]
  const inside = readdirSync(path.join(ROOT, name)).sort()
  return inside.flatMap((one) => filesBelow(path.join(name, one)))
}

function say(what) {
  process.stderr.write(`setup: ${what}\n`)
}

function stop(why) {
  process.stderr.write(`setup: ${why}\n`)
  process.exit(1)
}

main()
