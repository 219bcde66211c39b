import { App } from 'aws-cdk-lib'
import { expect, test } from 'vitest'
import { Environment, loadConfig } from '../../src/config/index.ts'
import { addStacks } from '../lib/stacks.ts'
import { resources, synthService, type Properties } from './synth.ts'

type Variable = { Name: string; Value: unknown }
type Container = Properties & { Environment: Variable[] }

/** Tasks by the role of the program in them. */
function tasks(
  context: Record<string, unknown> = {},
): Record<string, { task: Properties; container: Container }> {
  const definitions = Object.values(resources(synthService(context), 'AWS::ECS::TaskDefinition'))
  const byRole = definitions.map((task) => {
    const [container] = task['ContainerDefinitions'] as Container[]
    if (!container) throw new Error('A task has no container.')
    return [environmentOf(container)['ROLE'] ?? '', { task, container }]
  })
  return Object.fromEntries(byRole) as ReturnType<typeof tasks>
}

/** Variables as a container gets them; what CloudFormation fills in is a text here. */
const environmentOf = ({ Environment: variables }: Container): Record<string, string> =>
  Object.fromEntries(
    variables.map(({ Name, Value }) => [Name, typeof Value === 'string' ? Value : 'filled-in']),
  )

const program = (context: Record<string, unknown>, role: string): Container => {
  const found = tasks(context)[role]
  if (!found) throw new Error(`There is no task of the role ${role}.`)
  return found.container
}

test('API and workers are services of their own, or one service does both', () => {
  expect(Object.keys(tasks()).sort()).toEqual(['api', 'worker'])
  expect(Object.keys(tasks({ services: 'all' }))).toEqual(['all'])
})

test('a container is no root, writes nowhere but below its data folder, and has no capabilities', () => {
  for (const { task, container } of Object.values(tasks())) {
    expect(container).toMatchObject({
      User: '1000:1000',
      ReadonlyRootFilesystem: true,
      MountPoints: [
        { ContainerPath: environmentOf(container)['DATA_DIR'], ReadOnly: false, SourceVolume: 'data' },
      ],
      LinuxParameters: { Capabilities: { Drop: ['ALL'] } },
    })
    expect(container).not.toHaveProperty('Privileged')
    expect(task).toMatchObject({ Volumes: [{ Name: 'data' }], EphemeralStorage: { SizeInGiB: 50 } })
  }
})

test('the program ends by itself before ECS kills it', () => {
  for (const { container } of Object.values(tasks())) {
    expect(container['StopTimeout']).toBe(120)
    const { stopWithinMs } = loadConfig(environmentOf(container))
    expect(stopWithinMs).toBe(110_000)
  }
})

test('the program takes every variable it is given, and finds its stores on AWS', () => {
  for (const [role, { container }] of Object.entries(tasks())) {
    const environment = environmentOf(container)
    expect(Object.keys(Environment.shape)).toEqual(expect.arrayContaining(Object.keys(environment)))
    expect(loadConfig(environment)).toMatchObject({
      role,
      stores: { kind: 'aws' },
      tablePrefix: 'tapedeck',
      uploadTransport: 'direct',
      http: { host: '0.0.0.0', port: 3000, trustedProxies: ['10.0.0.0/16'] },
      workerConcurrency: role === 'worker' ? 4 : 1,
    })
  }
})

test('settings of the operator come last, and a wrong one stops the making of the template', () => {
  const settings = { MAX_UPLOAD_BYTES: '1000', UPLOAD_TRANSPORT: 'proxy' }
  expect(environmentOf(program({ settings: JSON.stringify(settings) }, 'api'))).toMatchObject(settings)
  expect(() => synthService({ settings: { MAX_UPLOAD_BYTES: 'many' } })).toThrow(/MAX_UPLOAD_BYTES/)
})

test('the admin key comes out of a secret, which nobody but ECS reads', () => {
  const adminKeySecretArn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:admin-AbCdEf'
  const container = program({ adminKeySecretArn }, 'api')
  expect(container).toMatchObject({ Secrets: [{ Name: 'ADMIN_KEY', ValueFrom: adminKeySecretArn }] })
  expect(environmentOf(container)).not.toHaveProperty('ADMIN_KEY')
  const readers = Object.entries(resources(synthService({ adminKeySecretArn }), 'AWS::IAM::Policy'))
    .filter(([, policy]) => JSON.stringify(policy).includes('secretsmanager:'))
    .map(([id]) => id)
  expect(readers).toHaveLength(2)
  for (const id of readers) expect(id).toContain('ExecutionRole')
})

test('a deployment that does not come up is rolled back, and leaves the number of tasks as it is', () => {
  const services = Object.values(resources(synthService(), 'AWS::ECS::Service'))
  expect(services).toHaveLength(2)
  for (const service of services) {
    expect(service).toMatchObject({
      LaunchType: 'FARGATE',
      DeploymentConfiguration: {
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
        MinimumHealthyPercent: 100,
      },
    })
    expect(service).not.toHaveProperty('DesiredCount')
  }
})

test('ECS asks each container whether it is alive, by what the program answers in every role', () => {
  for (const { container } of Object.values(tasks())) {
    const { Command } = container['HealthCheck'] as { Command: string[] }
    expect(Command.slice(0, 3)).toEqual(['CMD', 'node', '-e'])
    expect(Command[3]).toContain("fetch('http://127.0.0.1:3000/api/health/live')")
  }
})

test('the load balancer asks for readiness, is not on the internet, and lets in the VPC alone', () => {
  const service = synthService()
  service.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
    HealthCheckPath: '/api/health/ready',
    Port: 3000,
  })
  service.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { Scheme: 'internal' })
  expect(callers({})).toEqual(['10.0.0.0/16:80'])
})

test('on the internet it may speak HTTPS, for some or for all', () => {
  const certificateArn = 'arn:aws:acm:eu-central-1:123456789012:certificate/one'
  const open = { internetFacing: 'true', certificateArn }
  const service = synthService(open)
  service.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { Scheme: 'internet-facing' })
  service.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', { Port: 443, Protocol: 'HTTPS' })
  service.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
    Port: 80,
    DefaultActions: [{ Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS' } }],
  })
  expect(callers(open)).toEqual(['0.0.0.0/0:443', '0.0.0.0/0:80'])
  expect(callers({ ...open, allowFrom: '203.0.113.0/24' })).toEqual([
    '203.0.113.0/24:443',
    '203.0.113.0/24:80',
  ])
})

/** Who may call which port from outside of the security groups. */
function callers(context: Record<string, unknown>): string[] {
  const groups = Object.values(resources(synthService(context), 'AWS::EC2::SecurityGroup'))
  return groups
    .flatMap(({ SecurityGroupIngress: rules }) => (rules ?? []) as { CidrIp: string; ToPort: number }[])
    .map(({ CidrIp, ToPort }) => `${CidrIp}:${ToPort}`)
}

test('metrics of the program are not for those who come by the load balancer', () => {
  synthService().hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
    Priority: 1,
    Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/metrics'] } }],
    Actions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404' } }],
  })
})

test('workers are called by nobody', () => {
  const ingress = Object.values(resources(synthService(), 'AWS::EC2::SecurityGroupIngress'))
  expect(ingress.map(({ GroupId }) => JSON.stringify(GroupId))).toEqual([expect.stringContaining('FleetApi')])
})

test('no hour of a NAT gateway is paid, and S3 and DynamoDB are reached by gateway endpoints', () => {
  const service = synthService()
  service.resourceCountIs('AWS::EC2::NatGateway', 0)
  const endpoints = Object.values(resources(service, 'AWS::EC2::VPCEndpoint'))
  expect(endpoints).toMatchObject([{ VpcEndpointType: 'Gateway' }, { VpcEndpointType: 'Gateway' }])
})

test('without an image the message says how to name one', () => {
  expect(() => addStacks(new App())).toThrow(/-c image=/)
})
