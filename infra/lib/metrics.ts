import { Duration } from 'aws-cdk-lib'
import type { Metric } from 'aws-cdk-lib/aws-cloudwatch'
import { FilterPattern, MetricFilter, type LogGroup } from 'aws-cdk-lib/aws-logs'
import { ERROR_LEVEL, LOG_METRICS, type LogLine } from './log-lines.ts'

/** What the log says in numbers, a minute at a time. */
export type LogMetrics = { queued: Metric; oldestQueuedMs: Metric; failedJobs: Metric; errors: Metric }

/** Reads metrics out of the log. Every process tells the same queue, so of that the highest counts. */
export function readMetrics(logGroup: LogGroup, namespace: string): LogMetrics {
  const read = (name: keyof typeof LOG_METRICS, statistic: string) => {
    const { line, field } = LOG_METRICS[name]
    // A field can be the value only where the pattern has it; none of ours is below zero.
    const value = field === undefined ? [] : [FilterPattern.numberValue(`$.${field}`, '>=', 0)]
    const filterPattern = FilterPattern.all(...matching(line), ...value)
    const metricValue = field === undefined ? '1' : `$.${field}`
    return metric(logGroup, namespace, name, { filterPattern, metricValue }, statistic)
  }
  const filterPattern = FilterPattern.numberValue('$.level', '>=', ERROR_LEVEL)
  return {
    queued: read('Queued', 'Maximum'),
    oldestQueuedMs: read('OldestQueuedMs', 'Maximum'),
    failedJobs: read('FailedJobs', 'Sum'),
    errors: metric(logGroup, namespace, 'Errors', { filterPattern, metricValue: '1' }, 'Sum'),
  }
}

const matching = (line: LogLine) =>
  Object.entries(line).map(([name, value]) => FilterPattern.stringValue(`$.${name}`, '=', value))

function metric(
  logGroup: LogGroup,
  metricNamespace: string,
  metricName: string,
  filter: Pick<ConstructorParameters<typeof MetricFilter>[2], 'filterPattern' | 'metricValue'>,
  statistic: string,
): Metric {
  const made = new MetricFilter(logGroup, metricName, { logGroup, metricNamespace, metricName, ...filter })
  return made.metric({ statistic, period: Duration.minutes(1) })
}
