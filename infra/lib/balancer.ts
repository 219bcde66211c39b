import { Duration } from 'aws-cdk-lib'
import { Peer, Port, SecurityGroup, type Vpc } from 'aws-cdk-lib/aws-ec2'
import type { FargateService } from 'aws-cdk-lib/aws-ecs'
import {
  ApplicationLoadBalancer,
  ApplicationProtocol,
  HttpCodeTarget,
  ListenerAction,
  ListenerCertificate,
  ListenerCondition,
  SslPolicy,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2'
import type { Construct } from 'constructs'
import type { AddAlarm } from './alarms.ts'
import { PORT } from './environment.ts'
import { VPC_CIDR } from './network.ts'
import type { Options } from './options.ts'

const ANYBODY = '0.0.0.0/0'

/** A load balancer in front of a service that answers requests. Gives the URL it is reached by. */
export function balance(
  scope: Construct,
  { vpc, service, options, alarm }: { vpc: Vpc; service: FargateService; options: Options; alarm: AddAlarm },
): string {
  const { internetFacing, certificateArn, deletionProtection } = options
  const balancer = new ApplicationLoadBalancer(scope, 'Balancer', {
    vpc,
    internetFacing,
    deletionProtection,
    dropInvalidHeaderFields: true,
    idleTimeout: Duration.minutes(2),
    securityGroup: new SecurityGroup(scope, 'BalancerAccess', { vpc }),
  })
  const listener = balancer.addListener('Listener', {
    open: false,
    ...(certificateArn === undefined
      ? { protocol: ApplicationProtocol.HTTP }
      : {
          protocol: ApplicationProtocol.HTTPS,
          certificates: [ListenerCertificate.fromArn(certificateArn)],
          sslPolicy: SslPolicy.RECOMMENDED_TLS,
        }),
  })
  const from = Peer.ipv4(options.allowFrom ?? (internetFacing ? ANYBODY : VPC_CIDR))
  listener.connections.allowFrom(from, Port.tcp(listener.port))
  if (certificateArn !== undefined) {
    balancer.addRedirect({ open: false })
    balancer.connections.allowFrom(from, Port.tcp(80))
  }
  // They tell of everybody, and ask for no key (docs/how-to/api-keys.md).
  listener.addAction('Metrics', {
    priority: 1,
    conditions: [ListenerCondition.pathPatterns(['/metrics'])],
    action: ListenerAction.fixedResponse(404),
  })
  const group = listener.addTargets('Api', {
    port: PORT,
    protocol: ApplicationProtocol.HTTP,
    targets: [service],
    // Stays 200 while a store is away: the processes then tell people what is going on.
    healthCheck: { path: '/api/health/ready', interval: Duration.seconds(15) },
    deregistrationDelay: Duration.seconds(30),
  })
  alarm('ServerErrorsAlarm', {
    alarmDescription: 'The service answers 5xx.',
    metric: group.metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, { period: Duration.minutes(5) }),
    threshold: 10,
    evaluationPeriods: 1,
  })
  return `${certificateArn === undefined ? 'http' : 'https'}://${balancer.loadBalancerDnsName}`
}
