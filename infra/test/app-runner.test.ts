import { load } from 'js-yaml'
import { access, readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { Environment, loadConfig } from '../../src/config/index.ts'
import { listOf, resources, statements, synthService, type Properties } from './synth.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

type Variable = { Name: string; Value: unknown }

function runner(context: Record<string, unknown> = {}): Properties {
  const [service] = Object.values(
    resources(synthService({ compute: 'app-runner', ...context }), 'AWS::AppRunner::Service'),
  )
  if (!service) throw new Error('There is no service of App Runner.')
  return service
}

function environmentOf({ SourceConfiguration }: Properties): Record<string, string> {
  const { ImageRepository } = SourceConfiguration as {
    ImageRepository: { ImageConfiguration: { RuntimeEnvironmentVariables: Variable[] } }
  }
  return Object.fromEntries(
    ImageRepository.ImageConfiguration.RuntimeEnvironmentVariables.map(({ Name, Value }) => [
      Name,
      typeof Value === 'string' ? Value : 'filled-in',
    ]),
  )
}

test('on App Runner lies the API, and its jobs are done by workers on ECS, without a load balancer', () => {
  expect(loadConfig(environmentOf(runner()))).toMatchObject({ role: 'api', uploadTransport: 'direct' })
  const service = synthService({ compute: 'app-runner' })
  expect(Object.keys(resources(service, 'AWS::ECS::Service'))).toEqual([expect.stringContaining('Workers')])
  service.resourceCountIs('AWS::ElasticLoadBalancingV2::LoadBalancer', 0)
})

test('who wants to may convert there, too', () => {
  expect(loadConfig(environmentOf(runner({ services: 'all' })))).toMatchObject({ role: 'all' })
})

test('it is asked whether it is ready, and may do what a task may, in a role of its own', () => {
  expect(runner()).toMatchObject({
    HealthCheckConfiguration: { Protocol: 'HTTP', Path: '/api/health/ready' },
    InstanceConfiguration: { Cpu: '1024', Memory: '2048' },
  })
  const service = synthService({ compute: 'app-runner' })
  const all = statements(service).map(({ Action }) => listOf(Action).join())
  const ofTask = all.filter((actions) => actions.includes('s3:PutObject'))
  expect(ofTask).toHaveLength(2)
  expect(new Set(ofTask).size).toBe(1)
  expect(all).toContain('ecr:DescribeImages')
})

type SourceFile = {
  version: number
  runtime: string
  build: { commands: { build: string[] } }
  run: { command: string; network: { port: number; env: string }; env: { name: string; value: string }[] }
}

test('apprunner.yaml builds by what package.json has, and starts the program with variables that it takes', async () => {
  const read = (file: string) => readFile(path.join(ROOT, file), 'utf8')
  const { version, runtime, build, run } = load(await read('apprunner.yaml')) as SourceFile
  expect([version, runtime]).toEqual([1, 'nodejs22'])
  const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> }
  for (const command of build.commands.build) {
    const [, script] = /^npm run (\S+)$/.exec(command) ?? []
    if (script !== undefined) expect(Object.keys(scripts)).toContain(script)
    else expect(command).toBe('npm ci --include=dev')
  }
  const words = run.command.split(' ')
  expect(words.at(-1)).toBe('serve')
  await access(path.join(ROOT, words.at(-2) ?? ''))
  const environment = Object.fromEntries(run.env.map(({ name, value }) => [name, value]))
  expect(Object.keys(Environment.shape)).toEqual(
    expect.arrayContaining([...Object.keys(environment), run.network.env]),
  )
  expect(loadConfig({ ...environment, [run.network.env]: String(run.network.port) })).toMatchObject({
    role: 'api',
    http: { port: 3000, host: '0.0.0.0' },
    stores: { kind: 'aws' },
    uploadTransport: 'direct',
  })
})
