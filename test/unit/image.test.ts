import { validate, ValidationSeverity } from 'dockerfile-utils'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { Environment } from '../../src/config/config.ts'
import { baseOf } from '../image/base.ts'
import { contextFiles } from '../image/build.ts'
import { lineage, settingsOf, stagesOf } from '../image/dockerfile.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const read = (file: string) => readFile(path.join(ROOT, file), 'utf8')

type Service = {
  build?: string
  image?: string
  user?: string
  read_only?: boolean
  environment?: Record<string, string>
  volumes?: string[]
  networks?: string[]
  configs?: { source: string }[]
  depends_on?: string[]
  ports?: string[]
  stop_grace_period?: string
  cap_drop?: string[]
  security_opt?: string[]
  pids_limit?: number
  mem_limit?: string
  deploy?: { replicas: number }
}
type Compose = {
  services: Record<string, Service>
  volumes: Record<string, null>
  networks?: Record<string, { internal?: boolean } | null>
  configs?: Record<string, { content: string }>
}

const COMPOSE_FILES = ['compose.yaml', 'deploy/compose.cluster.yaml']
/** The SDK reads these by itself. */
const OF_THE_SDK = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']
const KNOWN = [...Object.keys(Environment.shape), ...OF_THE_SDK]

const composed = async (file: string) => parse(await read(file), { merge: true }) as Compose
/** The services that run our image. */
const ours = ({ services }: Compose) => Object.values(services).filter(({ image }) => image === 'tapedeck')
const image = async () => settingsOf(stagesOf(await read('Dockerfile')))
const seconds = (text = '') => Number(/^(\d+)s$/.exec(text)?.[1])
/** What a compose file says where the shell sets nothing. */
const byDefault = (text: string) => text.replaceAll(/\$\{\w+(?::-([^}]*))?[^}]*\}/g, '$1')

test('the Dockerfile has nothing a builder would refuse or warn of', async () => {
  expect(validate(await read('Dockerfile'), { deprecatedMaintainer: ValidationSeverity.ERROR })).toEqual([])
})

test('the image has the Node the project is pinned to, on a named release of Debian', async () => {
  const stages = stagesOf(await read('Dockerfile'))
  const bases = stages.map((stage) => lineage(stages, stage)[0]?.base ?? '')
  const version = (await read('.nvmrc')).trim()
  const { devDependencies } = JSON.parse(await read('package.json')) as {
    devDependencies: Record<string, string>
  }
  expect(new Set(bases).size).toBe(1)
  expect(baseOf(bases[0] ?? '').version).toBe(version)
  expect(devDependencies['node']).toBe(version)
})

test('the image runs as a user that is not root, by number, under an init, with a health check', async () => {
  const { user, entrypoint, cmd, healthcheck, directory } = await image()
  expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
  expect(entrypoint[0]).toBe('tini')
  expect(entrypoint).toContain('src/cli/main.ts')
  expect([cmd, directory]).toEqual([['serve'], '/app'])
  expect(healthcheck?.join(' ')).toContain('/api/health/live')
})

test('the last stage installs no packages and takes over those without development dependencies', async () => {
  const stages = stagesOf(await read('Dockerfile'))
  const last = stages.at(-1)
  const from = last?.steps.flatMap((step) =>
    step.kind === 'copy' && step.sources.includes('/app/node_modules') ? [step.from] : [],
  )
  const origin = stages.find(({ name }) => name === from?.[0])
  const runs = (of: typeof last) => of?.steps.flatMap((step) => (step.kind === 'run' ? [step.command] : []))
  expect(runs(origin)?.join()).toContain('npm ci --omit=dev')
  expect(runs(last)?.join()).not.toContain('npm')
})

test('the settings of the image are settings of the program, and its volume is the data folder', async () => {
  const { env, volumes, ports } = await image()
  const names = Object.keys(env).filter((name) => name !== 'NODE_ENV')
  expect(KNOWN).toEqual(expect.arrayContaining(names))
  expect(Environment.safeParse(env).error).toBeUndefined()
  expect(env['HOST']).toBe('0.0.0.0')
  expect(volumes).toEqual([env['DATA_DIR']])
  expect(ports).toEqual([env['PORT']])
  // `docker stop` waits 10 seconds.
  expect(Number(env['STOP_TIMEOUT_SECONDS'])).toBeLessThan(10)
})

test('no test, no packages and no data of this machine go into the build', async () => {
  const files = await contextFiles(ROOT)
  expect(files).toEqual(expect.arrayContaining(['package-lock.json', 'src/cli/main.ts', 'web/index.html']))
  const top = new Set(files.map((file) => file.split('/')[0]))
  expect([...top].sort()).toEqual(
    ['.npmrc', 'package-lock.json', 'package.json', 'src', 'tsconfig.json', 'web'].sort(),
  )
  expect(files.filter((file) => /\.test\.ts$|node_modules/.test(file))).toEqual([])
})

test.each(COMPOSE_FILES)('%s: what it sets is known, and would start', async (file) => {
  for (const { environment = {} } of ours(await composed(file))) {
    const env = Object.fromEntries(
      Object.entries(environment).flatMap(([name, value]) =>
        byDefault(value) ? [[name, byDefault(value)]] : [],
      ),
    )
    expect(KNOWN).toEqual(expect.arrayContaining(Object.keys(environment)))
    expect(Environment.safeParse(env).error).toBeUndefined()
  }
})

test.each(COMPOSE_FILES)('%s: containers can write to their data alone, and gain no right', async (file) => {
  const services = ours(await composed(file))
  const { user, volumes } = await image()
  expect(services.length).toBeGreaterThan(0)
  for (const service of services) {
    expect(service).toMatchObject({ read_only: true, user, cap_drop: ['ALL'] })
    expect(service.security_opt).toContain('no-new-privileges:true')
    expect(service.volumes?.map((volume) => volume.split(':').at(-1))).toEqual(volumes)
    expect([service.pids_limit, service.mem_limit]).not.toContain(undefined)
  }
})

test.each(COMPOSE_FILES)('%s: a stop has time to end before it is killed', async (file) => {
  for (const { environment, stop_grace_period: grace } of ours(await composed(file)))
    expect(seconds(grace)).toBe(Number(environment?.['STOP_TIMEOUT_SECONDS']) + 5)
})

test.each(COMPOSE_FILES)('%s: ports are open to this machine alone, under its own names', async (file) => {
  const { services } = await composed(file)
  const open = Object.values(services).filter(({ ports }) => ports)
  expect(open.map(({ ports }) => ports)).toEqual([['127.0.0.1:3000:3000']])
  expect(byDefault(open[0]?.environment?.['ALLOWED_HOSTS'] ?? '')).toBe('localhost,127.0.0.1,[::1]')
})

test.each(COMPOSE_FILES)(
  '%s: volumes, networks and services it names are there, in fixed versions',
  async (file) => {
    const { services, volumes, networks = {}, configs = {} } = await composed(file)
    for (const service of Object.values(services)) {
      const named = service.volumes?.filter((volume) => !volume.startsWith('/')) ?? []
      expect(Object.keys(volumes)).toEqual(
        expect.arrayContaining(named.map((volume) => volume.split(':')[0])),
      )
      expect(Object.keys(networks)).toEqual(expect.arrayContaining(service.networks ?? []))
      expect(Object.keys(services)).toEqual(expect.arrayContaining(service.depends_on ?? []))
      expect(Object.keys(configs)).toEqual(
        expect.arrayContaining(service.configs?.map(({ source }) => source) ?? []),
      )
      if (!service.build) expect(service.image).toMatch(/:\d+\.\d+(\.\d+)?$/)
    }
  },
)

test('the cluster has one API, three workers without a way out, and stores with the same keys', async () => {
  const { services, networks, configs } = await composed('deploy/compose.cluster.yaml')
  const { api, worker } = services
  expect([api?.environment?.['ROLE'], worker?.environment?.['ROLE']]).toEqual(['api', 'worker'])
  expect(worker?.deploy).toEqual({ replicas: 3 })
  expect(worker?.networks).toEqual(['stores'])
  expect(networks?.['stores']).toEqual({ internal: true })
  for (const name of ['S3_ENDPOINT', 'DYNAMODB_ENDPOINT'])
    expect(Object.keys(services)).toContain(new URL(worker?.environment?.[name] ?? '').hostname)
  const identities = JSON.parse(configs?.['s3']?.content ?? '') as {
    identities: { credentials: { accessKey: string; secretKey: string }[] }[]
  }
  expect(identities.identities[0]?.credentials).toEqual([
    { accessKey: '${S3_ACCESS_KEY}', secretKey: '${S3_SECRET_KEY}' },
  ])
  expect(worker?.environment?.['AWS_ACCESS_KEY_ID']).toMatch(/^\$\{S3_ACCESS_KEY:\?/)
})
