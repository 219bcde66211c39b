import type { Ignore } from '@balena/dockerignore'
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { cp, mkdir, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Stage } from './dockerfile.ts'
import { inRoot } from './root.ts'

/** Its types name a default export, which it does not have. */
const dockerignore = createRequire(import.meta.url)('@balena/dockerignore') as () => Ignore

/** Performs the stages one after the other, each in a folder of its own below `work`. Gives the folder of the last one. */
export async function build(stages: readonly Stage[], context: string, work: string): Promise<string> {
  const files = await contextFiles(context)
  const roots = new Map<string, string>()
  let root = ''
  for (const [index, stage] of stages.entries()) {
    root = path.join(work, `stage-${index}`)
    command('cp', ['-a', roots.get(stage.base) ?? path.join(work, 'base'), root])
    await perform(stage, { root, context, files, roots, directory: workdirOf(stage, stages) })
    roots.set(stage.name, root)
  }
  return root
}

type Place = {
  root: string
  context: string
  /** Files of the context that .dockerignore lets in, relative. */
  files: readonly string[]
  roots: ReadonlyMap<string, string>
  directory: string
}

async function perform(stage: Stage, place: Place): Promise<void> {
  const env: Record<string, string> = {}
  let { directory } = place
  for (const step of stage.steps) {
    say(`${stage.name}: ${JSON.stringify(step)}`)
    if (step.kind === 'env') Object.assign(env, step.values)
    if (step.kind === 'workdir') {
      directory = path.posix.resolve(directory, step.directory)
      await mkdir(path.join(place.root, directory), { recursive: true })
    }
    if (step.kind === 'copy') await copy(step, { ...place, directory })
    if (step.kind === 'run')
      inRoot({ root: place.root, directory, env, command: ['/bin/sh', '-c', step.command] })
  }
}

type CopyStep = Extract<Stage['steps'][number], { kind: 'copy' }>

/** As Docker does: of a folder what is inside it, of a file the file; several files go into a folder. */
async function copy(step: CopyStep, place: Place): Promise<void> {
  const other = step.from === undefined ? undefined : place.roots.get(step.from)
  if (step.from !== undefined && !other) throw new Error(`COPY from ${step.from}, which is no stage before`)
  const target = path.join(place.root, path.posix.resolve(place.directory, step.target))
  const many = step.sources.length > 1 || step.target.endsWith('/')
  for (const source of step.sources)
    if (other) await cp(path.join(other, source), target, { recursive: true, verbatimSymlinks: true })
    else await copyFromContext(source, many ? path.join(target, path.basename(source)) : target, place)
}

async function copyFromContext(source: string, target: string, { context, files }: Place): Promise<void> {
  const wanted = files.filter((file) => file === source || file.startsWith(`${source}/`))
  if (wanted.length === 0) throw new Error(`COPY finds nothing at ${source}: see .dockerignore`)
  for (const file of wanted)
    await cp(path.join(context, file), path.join(target, path.relative(source, file)), { recursive: true })
}

/** Files of the context that .dockerignore lets in, relative to it. */
export async function contextFiles(context: string): Promise<string[]> {
  const rules = dockerignore().add(await readFile(path.join(context, '.dockerignore'), 'utf8'))
  const top = (await readdir(context)).filter((name) => !['.git', 'node_modules'].includes(name))
  const listed = await Promise.all(top.map((name) => below(context, name)))
  return rules.filter(listed.flat())
}

async function below(context: string, name: string): Promise<string[]> {
  const entries = await readdir(path.join(context, name), { recursive: true, withFileTypes: true }).catch(
    () => undefined,
  )
  if (!entries) return [name] // a file
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(context, path.join(entry.parentPath, entry.name)))
}

const workdirOf = (stage: Stage, stages: readonly Stage[]): string => {
  const base = stages.find(({ name }) => name === stage.base)
  if (!base) return '/'
  const set = base.steps.findLast((step) => step.kind === 'workdir')
  return set ? set.directory : workdirOf(base, stages)
}

export function command(name: string, args: readonly string[]): void {
  const { status, error } = spawnSync(name, args, { stdio: ['ignore', 2, 2] })
  if (status !== 0)
    throw new Error(`${name} ${args.join(' ')} failed: ${error?.message ?? `status ${status ?? '?'}`}`)
}

export const say = (what: string) => process.stderr.write(`${what}\n`)
