import { Duration } from 'aws-cdk-lib'
import { MetricAggregationType, type ScalingInterval } from 'aws-cdk-lib/aws-applicationautoscaling'
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch'
import type { FargateService } from 'aws-cdk-lib/aws-ecs'

/** Workers are added by how many jobs wait... */
const BY_LENGTH: ScalingInterval[] = [
  { lower: 5, change: 1 },
  { lower: 50, change: 2 },
  { lower: 500, change: 4 },
]
/** ...and by how long the oldest of them has waited, in milliseconds: a few long jobs are a short queue. */
const BY_AGE: ScalingInterval[] = [
  { lower: 60_000, change: 1 },
  { lower: 300_000, change: 2 },
]
/** One worker goes when nothing waits. A count is whole: half a job is none. */
const WHEN_EMPTY: ScalingInterval[] = [
  { upper: 0.5, change: -1 },
  { lower: 0.5, change: 0 },
]
/** A worker that goes gives its jobs back, and they begin anew: so the queue has to be empty for a while. */
const EMPTY_MINUTES = 15

/** Workers follow the queue: a minute of waiting brings more, a quarter of an hour of nothing takes one. */
export function scaleByQueue(
  service: FargateService,
  { min, max }: { min: number; max: number },
  { queued, oldestQueuedMs }: { queued: IMetric; oldestQueuedMs: IMetric },
): void {
  const count = service.autoScaleTaskCount({ minCapacity: min, maxCapacity: max })
  const common = { metricAggregationType: MetricAggregationType.MAXIMUM }
  const more = { ...common, cooldown: Duration.minutes(2), evaluationPeriods: 1 }
  count.scaleOnMetric('ByLength', { ...more, metric: queued, scalingSteps: BY_LENGTH })
  count.scaleOnMetric('ByAge', { ...more, metric: oldestQueuedMs, scalingSteps: BY_AGE })
  count.scaleOnMetric('WhenEmpty', {
    ...common,
    metric: queued,
    scalingSteps: WHEN_EMPTY,
    evaluationPeriods: EMPTY_MINUTES,
    cooldown: Duration.minutes(EMPTY_MINUTES),
  })
}
