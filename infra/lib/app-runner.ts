import { Stack } from 'aws-cdk-lib'
import { CfnAutoScalingConfiguration, CfnService } from 'aws-cdk-lib/aws-apprunner'
import { PolicyStatement, Role as IamRole, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { Construct } from 'constructs'
import { environmentOf, PORT, type Role } from './environment.ts'
import { ecrImage } from './image.ts'
import type { Options } from './options.ts'
import { allowProgram } from './permissions.ts'
import type { State } from './state-stack.ts'

/** Requests that one instance takes at once; mostly they wait. */
const MOST_AT_ONCE = 100
/** App Runner's image has no volume of ours, and few GiB: temporary files lie where the image may write. */
const TEMPORARY = '/tmp/tapedeck'

/** A service of App Runner, for accounts that have it. Gives the URL it is reached by. */
export function addAppRunner(
  scope: Construct,
  role: Role,
  { options, image, state }: { options: Options; image: string; state: State },
): string {
  const instanceRole = roleFor(scope, 'InstanceRole', 'tasks')
  allowProgram(instanceRole, state.tables, state.bucket)
  const scaling = new CfnAutoScalingConfiguration(scope, 'RunnerScaling', {
    minSize: options.api.min,
    maxSize: options.api.max,
    maxConcurrency: MOST_AT_ONCE,
  })
  const place = { DATA_DIR: TEMPORARY }
  const environment = environmentOf(role, { options, state, region: Stack.of(scope).region }, place)
  const service = new CfnService(scope, 'Runner', {
    sourceConfiguration: {
      autoDeploymentsEnabled: false,
      ...accessTo(scope, image),
      imageRepository: {
        imageIdentifier: image,
        imageRepositoryType: ecrImage(scope, image) ? 'ECR' : 'ECR_PUBLIC',
        imageConfiguration: {
          port: String(PORT),
          runtimeEnvironmentVariables: variables(environment),
          ...secretsOf(instanceRole, options),
        },
      },
    },
    instanceConfiguration: {
      cpu: String(options.apiSize.cpu),
      memory: String(options.apiSize.memoryMiB),
      instanceRoleArn: instanceRole.roleArn,
    },
    healthCheckConfiguration: { protocol: 'HTTP', path: '/api/health/ready' },
    autoScalingConfigurationArn: scaling.attrAutoScalingConfigurationArn,
  })
  service.node.addDependency(instanceRole)
  return `https://${service.attrServiceUrl}`
}

const variables = (environment: Record<string, string>) =>
  Object.entries(environment).map(([name, value]) => ({ name, value }))

const roleFor = (scope: Construct, id: string, who: 'tasks' | 'build') =>
  new IamRole(scope, id, { assumedBy: new ServicePrincipal(`${who}.apprunner.amazonaws.com`) })

/** What App Runner itself needs to fetch the image. */
function accessTo(scope: Construct, image: string) {
  const inEcr = ecrImage(scope, image)
  if (!inEcr) return {}
  const role = roleFor(scope, 'AccessRole', 'build')
  inEcr.repository.grantPull(role)
  inEcr.repository.grant(role, 'ecr:DescribeImages')
  return { authenticationConfiguration: { accessRoleArn: role.roleArn } }
}

function secretsOf(role: IamRole, { adminKeySecretArn: value }: Options) {
  if (value === undefined) return {}
  role.addToPolicy(new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [value] }))
  return { runtimeEnvironmentSecrets: [{ name: 'ADMIN_KEY', value }] }
}
