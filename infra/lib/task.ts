import { Duration, Stack } from 'aws-cdk-lib'
import {
  Capability,
  CpuArchitecture,
  FargateTaskDefinition,
  LinuxParameters,
  LogDrivers,
  OperatingSystemFamily,
  Secret as EcsSecret,
  type ContainerDefinition,
} from 'aws-cdk-lib/aws-ecs'
import type { ILogGroup } from 'aws-cdk-lib/aws-logs'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import type { Construct } from 'constructs'
import { environmentOf, PORT, type Role } from './environment.ts'
import { containerImage } from './image.ts'
import { VPC_CIDR } from './network.ts'
import type { Options } from './options.ts'
import { allowProgram } from './permissions.ts'
import type { State } from './state-stack.ts'

/** The user of the image. */
const USER = '1000:1000'
const VOLUME = 'data'
/** Where the image keeps temporary files: the only place that is written to. */
const DATA_DIR = '/data'
/** Fargate waits two minutes at most between SIGTERM and SIGKILL (ECS: "Task definition parameters"). */
const STOP_TIMEOUT_SECONDS = 120
/** So much sooner the program ends by itself. */
const SPARE_SECONDS = 10
const CPU_UNITS_OF_A_CORE = 1024

export type TaskParts = { options: Options; image: string; state: State; logGroup: ILogGroup }

/** A task that runs the program in one role: no root, nothing writable but a volume for temporary files. */
export function makeTask(scope: Construct, role: Role, parts: TaskParts): FargateTaskDefinition {
  const { options, state } = parts
  const { cpu, memoryMiB } = role === 'api' ? options.apiSize : options.workerSize
  const task = new FargateTaskDefinition(scope, 'Task', {
    cpu,
    memoryLimitMiB: memoryMiB,
    ephemeralStorageGiB: options.temporaryGiB,
    runtimePlatform: {
      cpuArchitecture: CpuArchitecture.X86_64,
      operatingSystemFamily: OperatingSystemFamily.LINUX,
    },
    volumes: [{ name: VOLUME }],
  })
  addProgram(task, role, { ...parts, cpu })
  allowProgram(task.taskRole, state.tables, state.bucket)
  return task
}

function addProgram(
  task: FargateTaskDefinition,
  role: Role,
  { options, image, state, logGroup, cpu }: TaskParts & { cpu: number },
): ContainerDefinition {
  const linuxParameters = new LinuxParameters(task, 'Linux')
  linuxParameters.dropCapabilities(Capability.ALL)
  const container = task.addContainer('tapedeck', {
    image: containerImage(Stack.of(task), image),
    environment: environmentOf(role, { options, state, region: Stack.of(task).region }, ofTask(cpu)),
    secrets: secretsOf(task, options),
    user: USER,
    readonlyRootFilesystem: true,
    linuxParameters,
    stopTimeout: Duration.seconds(STOP_TIMEOUT_SECONDS),
    portMappings: [{ containerPort: PORT }],
    // ECS does not look at the check of the image.
    healthCheck: {
      command: ['CMD', 'node', '-e', aliveScript(`http://127.0.0.1:${PORT}/api/health/live`)],
      interval: Duration.seconds(15),
      timeout: Duration.seconds(5),
      retries: 4,
      startPeriod: Duration.seconds(60),
    },
    logging: LogDrivers.awsLogs({ logGroup, streamPrefix: role }),
  })
  container.addMountPoints({ containerPath: DATA_DIR, sourceVolume: VOLUME, readOnly: false })
  return container
}

const ofTask = (cpu: number) => ({
  DATA_DIR,
  STOP_TIMEOUT_SECONDS: String(STOP_TIMEOUT_SECONDS - SPARE_SECONDS),
  // A container may see more cores than it was given.
  WORKER_CONCURRENCY: String(Math.max(1, cpu / CPU_UNITS_OF_A_CORE)),
  TRUSTED_PROXIES: VPC_CIDR, // the load balancer says who a client is
})

const aliveScript = (url: string) =>
  `fetch('${url}').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))`

function secretsOf(scope: Construct, { adminKeySecretArn: arn }: Options): Record<string, EcsSecret> {
  if (arn === undefined) return {}
  return { ADMIN_KEY: EcsSecret.fromSecretsManager(Secret.fromSecretCompleteArn(scope, 'AdminKey', arn)) }
}
