import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib'
import type { Vpc } from 'aws-cdk-lib/aws-ec2'
import { Cluster, FargateService } from 'aws-cdk-lib/aws-ecs'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { alarmOnJobs, alarmOnThrottles, alarmsTo } from './alarms.ts'
import { addAppRunner } from './app-runner.ts'
import { balance } from './balancer.ts'
import type { Role } from './environment.ts'
import { readMetrics } from './metrics.ts'
import { makeNetwork } from './network.ts'
import type { Options } from './options.ts'
import { scaleByQueue } from './scaling.ts'
import type { State } from './state-stack.ts'
import { makeTask, type TaskParts } from './task.ts'

const API_CPU_PERCENT = 60

/** What runs the program: services, logs, scaling and alarms. Holds nothing that has to last. */
export class ServiceStack extends Stack {
  constructor(scope: Construct, id: string, options: Options, state: State, props: StackProps) {
    super(scope, id, props)
    const { image, services, compute } = options
    if (image === undefined) throw new Error('Name the image: -c image=<registry>/<name>:<tag>')
    const logGroup = new LogGroup(this, 'Logs', {
      retention: options.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const metrics = readMetrics(logGroup, `Tapedeck/${options.prefix}`)
    const alarm = alarmsTo(this, options)
    alarmOnJobs(alarm, metrics, options)
    alarmOnThrottles(alarm, state.tables)

    const vpc = makeNetwork(this)
    const fleet = new Fleet(this, 'Fleet', { options, image, state, logGroup, vpc })
    const isSplit = services === 'split' || compute === 'app-runner'
    const workers = fleet.add('Workers', isSplit ? 'worker' : 'all')
    scaleByQueue(workers, options.workers, metrics)
    if (compute === 'app-runner') {
      const role = services === 'split' ? 'api' : 'all'
      new CfnOutput(this, 'Url', { value: addAppRunner(this, role, { options, image, state }) })
      return
    }
    const front = isSplit ? fleet.add('Api', 'api') : workers
    if (front !== workers) scaleByCpu(front, options.api)
    new CfnOutput(this, 'Url', { value: balance(this, { vpc, service: front, options, alarm }) })
  }
}

/** Services of one cluster. */
class Fleet extends Construct {
  readonly #parts: TaskParts
  readonly #cluster: Cluster

  constructor(scope: Construct, id: string, { vpc, ...parts }: TaskParts & { vpc: Vpc }) {
    super(scope, id)
    this.#parts = parts
    this.#cluster = new Cluster(this, 'Cluster', { vpc })
  }

  /** Without a count of its own: scaling says how many, and a deployment leaves that as it is. */
  add(id: string, role: Role): FargateService {
    const place = new Construct(this, id)
    return new FargateService(place, 'Service', {
      cluster: this.#cluster,
      taskDefinition: makeTask(place, role, this.#parts),
      assignPublicIp: true, // the way to ECR and to the log, without a NAT gateway
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { rollback: true },
      ...(role !== 'worker' && { healthCheckGracePeriod: Duration.minutes(1) }),
    })
  }
}

function scaleByCpu(service: FargateService, { min, max }: { min: number; max: number }): void {
  const count = service.autoScaleTaskCount({ minCapacity: min, maxCapacity: max })
  count.scaleOnCpuUtilization('ByCpu', { targetUtilizationPercent: API_CPU_PERCENT })
}
