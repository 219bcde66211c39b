import { Duration } from 'aws-cdk-lib'
import {
  Alarm,
  ComparisonOperator,
  MathExpression,
  Metric,
  TreatMissingData,
  type AlarmProps,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { Construct } from 'constructs'
import type { LogMetrics } from './metrics.ts'
import type { Options } from './options.ts'
import type { MadeTable, Tables } from './tables.ts'

const MINUTE_MS = 60_000
const WITHIN = Duration.minutes(5)

/** Adds one alarm that tells the operator. */
export type AddAlarm = (id: string, props: Omit<AlarmProps, 'comparisonOperator'>) => void

/** A topic for alarms, and what adds them to it. What is not reported is no alarm, if it does not say otherwise. */
export function alarmsTo(scope: Construct, { alarmEmail }: Options): AddAlarm {
  const topic = new Topic(scope, 'Alarms', { enforceSSL: true })
  if (alarmEmail !== undefined) topic.addSubscription(new EmailSubscription(alarmEmail))
  return (id, props) => {
    const alarm = new Alarm(scope, id, {
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...props,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    })
    alarm.addAlarmAction(new SnsAction(topic))
    alarm.addOkAction(new SnsAction(topic))
  }
}

/** Jobs that wait too long or fail, and errors. */
export function alarmOnJobs(
  add: AddAlarm,
  { oldestQueuedMs, failedJobs, errors }: LogMetrics,
  options: Pick<Options, 'oldestQueuedMinutes' | 'failedJobs'>,
): void {
  add('OldestQueuedAlarm', {
    alarmDescription: 'A job has waited too long. Silence counts: then no process is alive to tell.',
    metric: oldestQueuedMs,
    threshold: options.oldestQueuedMinutes * MINUTE_MS,
    evaluationPeriods: 5,
    treatMissingData: TreatMissingData.BREACHING,
  })
  add('FailedJobsAlarm', {
    alarmDescription: 'Many jobs failed. GET /api/jobs/{id} says why of each.',
    metric: failedJobs.with({ period: WITHIN }),
    threshold: options.failedJobs,
    evaluationPeriods: 1,
  })
  add('ErrorsAlarm', {
    alarmDescription: 'The program logged an error that nobody has handled.',
    metric: errors.with({ period: WITHIN }),
    threshold: 1,
    evaluationPeriods: 1,
  })
}

/** DynamoDB asks for less: tables that grew fast, or a limit of the account. */
export function alarmOnThrottles(add: AddAlarm, tables: Tables): void {
  for (const [name, made] of Object.entries(tables))
    add(`ThrottlesAlarm-${name}`, {
      alarmDescription: `DynamoDB throttles the table of ${name}, or its index.`,
      metric: throttles(made),
      threshold: 1,
      evaluationPeriods: 2,
    })
}

/** Those of an index are counted apart from those of its table. */
function throttles({ table, index }: MadeTable): MathExpression {
  const places: Record<string, string>[] = [
    { TableName: table.tableName },
    ...(index === undefined ? [] : [{ TableName: table.tableName, GlobalSecondaryIndexName: index }]),
  ]
  const metrics = places.flatMap((dimensionsMap) =>
    ['ReadThrottleEvents', 'WriteThrottleEvents'].map(
      (metricName) => new Metric({ namespace: 'AWS/DynamoDB', metricName, dimensionsMap, statistic: 'Sum' }),
    ),
  )
  const usingMetrics = Object.fromEntries(metrics.map((metric, at) => [`m${at}`, metric]))
  const expression = Object.keys(usingMetrics)
    .map((name) => `FILL(${name}, 0)`)
    .join(' + ')
  return new MathExpression({ expression, usingMetrics, period: WITHIN })
}
