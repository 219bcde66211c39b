// Builds the image without a container engine, in folders by chroot, and runs it as the compose files do. Needs Linux
// with root, debootstrap and minutes: `npm run image -- [work folder]`. Prints what it measured.
import { spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { makeBase } from './base.ts'
import { build, command, say } from './build.ts'
import { lineage, settingsOf, stagesOf } from './dockerfile.ts'
import { tryOut } from './try-out.ts'

const CONTEXT = path.resolve(import.meta.dirname, '../..')
const MADE = /^(base|data|stage-\d+)$/

if (process.getuid?.() !== 0) throw new Error('Only root can do this: it mounts and changes roots.')
const work = path.resolve(process.argv[2] ?? path.join(os.tmpdir(), 'tapedeck-image'))
await mkdir(work, { recursive: true })
for (const name of (await readdir(work)).filter((name) => MADE.test(name)))
  await rm(path.join(work, name), { recursive: true })

const stages = stagesOf(await readFile(path.join(CONTEXT, 'Dockerfile'), 'utf8'))
const [lowest] = lineage(stages, stages.at(-1))
await makeBase(lowest?.base ?? '', work)
const root = await build(stages, CONTEXT, work)

const folders = ['', 'app/node_modules', 'app/src', 'app/dist', 'usr/local']
const sizes = folders.map((folder) => `  /${folder}: ${mebibytes(path.join(root, folder))} MiB`)
say(
  `Size of the image, unpacked (before its steps: ${mebibytes(path.join(work, 'base'))} MiB):\n${sizes.join('\n')}`,
)

const settings = settingsOf(stages)
const data = path.join(work, 'data')
// A new volume takes owner and mode of the folder it is mounted over.
command('cp', ['-a', path.join(root, settings.volumes[0] ?? ''), data])
await tryOut({ root, data, settings })

function mebibytes(folder: string): string {
  const { stdout } = spawnSync('du', ['-smx', folder], { encoding: 'utf8' })
  return stdout.split('\t')[0] ?? '?'
}
