import { pino } from 'pino'
import { expect, test } from 'vitest'
import { ERROR_LEVEL } from '../lib/log-lines.ts'
import { resources, synthService, type Properties } from './synth.ts'

const ALARM = 'AWS::CloudWatch::Alarm'
const service = synthService({ alarmEmail: 'operator@example.com' })
const alarms = resources(service, ALARM)

/** The alarm whose logical id begins so. */
function alarm(id: string): Properties {
  const found = Object.entries(alarms).find(([name]) => name.startsWith(id))
  if (!found) throw new Error(`There is no alarm ${id}.`)
  return found[1]
}

test('the log is kept for as long as was chosen, and no longer', () => {
  const retention = (context: object) =>
    Object.values(resources(synthService({ ...context }), 'AWS::Logs::LogGroup')).map(
      ({ RetentionInDays }) => RetentionInDays,
    )
  expect(retention({})).toEqual([30])
  expect(retention({ logDays: '7' })).toEqual([7])
  expect(() => retention({ logDays: '8' })).toThrow(/logDays/)
})

test('every container writes to that log', () => {
  const [group] = Object.keys(resources(service, 'AWS::Logs::LogGroup'))
  for (const { ContainerDefinitions } of Object.values(resources(service, 'AWS::ECS::TaskDefinition')))
    expect(ContainerDefinitions).toMatchObject([
      { LogConfiguration: { LogDriver: 'awslogs', Options: { 'awslogs-group': { Ref: group } } } },
    ])
})

test('queue, failed jobs and errors are read out of it', () => {
  const filters = Object.values(resources(service, 'AWS::Logs::MetricFilter')).map((filter) => {
    const [transformation] = filter['MetricTransformations'] as Properties[]
    return [transformation?.['MetricName'], transformation?.['MetricValue'], filter['FilterPattern']]
  })
  expect(filters).toEqual([
    ['Queued', '$.queued', '{ ($.msg = "queue") && ($.queued >= 0) }'],
    ['OldestQueuedMs', '$.oldestQueuedMs', '{ ($.msg = "queue") && ($.oldestQueuedMs >= 0) }'],
    ['FailedJobs', '1', '{ ($.msg = "conversion ended") && ($.state = "failed") }'],
    ['Errors', '1', '{ $.level >= 50 }'],
  ])
  expect(pino.levels.values['error']).toBe(ERROR_LEVEL)
})

test('a job that has waited too long is an alarm, and so is silence', () => {
  expect(alarm('OldestQueuedAlarm')).toMatchObject({
    ...{ MetricName: 'OldestQueuedMs', Statistic: 'Maximum', Period: 60, EvaluationPeriods: 5 },
    ...{ Threshold: 15 * 60_000, ComparisonOperator: 'GreaterThanOrEqualToThreshold' },
    TreatMissingData: 'breaching',
  })
  const later = resources(synthService({ oldestQueuedMinutes: '60' }), ALARM)
  const found = Object.entries(later).find(([id]) => id.startsWith('OldestQueuedAlarm'))
  expect(found?.[1]).toMatchObject({ Threshold: 3_600_000 })
})

test('failed jobs, errors and refusals of the service are alarms', () => {
  const common = { Statistic: 'Sum', Period: 300, TreatMissingData: 'notBreaching' }
  expect(alarm('FailedJobsAlarm')).toMatchObject({ ...common, MetricName: 'FailedJobs', Threshold: 5 })
  expect(alarm('ErrorsAlarm')).toMatchObject({ ...common, MetricName: 'Errors', Threshold: 1 })
  expect(alarm('ServerErrorsAlarm')).toMatchObject({ ...common, MetricName: 'HTTPCode_Target_5XX_Count' })
})

test('throttled reads and writes of each table and index are alarms', () => {
  const watched = Object.entries(alarms).filter(([id]) => id.startsWith('ThrottlesAlarm'))
  const names = watched.map(([, { Metrics }]) =>
    (Metrics as { MetricStat?: { Metric: { MetricName: string; Dimensions: { Name: string }[] } } }[])
      .flatMap(({ MetricStat }) => (MetricStat ? [MetricStat.Metric] : []))
      .map(({ MetricName, Dimensions }) => `${MetricName} ${Dimensions.map(({ Name }) => Name).join(' ')}`),
  )
  const ofTable = ['ReadThrottleEvents TableName', 'WriteThrottleEvents TableName']
  const ofIndex = ofTable.map((name) => name.replace('TableName', 'GlobalSecondaryIndexName TableName'))
  expect(names).toEqual([[...ofTable, ...ofIndex], [...ofTable, ...ofIndex], ofTable])
})

test('every alarm that is not for scaling is told to the operator, as is its end', () => {
  const [topic] = Object.keys(resources(service, 'AWS::SNS::Topic'))
  const told = Object.entries(alarms).filter(([id]) => !id.includes('TaskCountTarget'))
  expect(told).toHaveLength(7)
  for (const [, { AlarmActions, OKActions }] of told)
    expect({ AlarmActions, OKActions }).toEqual({
      AlarmActions: [{ Ref: topic }],
      OKActions: [{ Ref: topic }],
    })
  service.hasResourceProperties('AWS::SNS::Subscription', {
    Protocol: 'email',
    Endpoint: 'operator@example.com',
  })
})

type Step = {
  MetricIntervalLowerBound?: number
  MetricIntervalUpperBound?: number
  ScalingAdjustment: number
}

/** What scaling of workers does: from which value of which metric, after how many minutes, by how many tasks. */
function scaling() {
  const policies = resources(service, 'AWS::ApplicationAutoScaling::ScalingPolicy')
  return Object.values(alarms).flatMap(
    ({ AlarmActions, MetricName, Threshold, EvaluationPeriods, ...rest }) => {
      const [action] = AlarmActions as { Ref: string }[]
      const policy = policies[action?.Ref ?? '']
      if (!policy) return []
      const { StepAdjustments } = policy['StepScalingPolicyConfiguration'] as { StepAdjustments: Step[] }
      const by = StepAdjustments.map(({ MetricIntervalLowerBound: from = -Infinity, ScalingAdjustment }) => {
        return [Number(Threshold) + from, ScalingAdjustment]
      })
      return [
        { MetricName, minutes: EvaluationPeriods, period: rest['Period'], statistic: rest['Statistic'], by },
      ]
    },
  )
}

test('workers come by the length of the queue and by the age of its oldest job, and go when it has long been empty', () => {
  const common = { period: 60, statistic: 'Maximum' }
  expect(scaling()).toEqual([
    {
      ...{ ...common, MetricName: 'Queued', minutes: 1 },
      by: [
        [5, 1],
        [50, 2],
        [500, 4],
      ],
    },
    {
      ...{ ...common, MetricName: 'OldestQueuedMs', minutes: 1 },
      by: [
        [60_000, 1],
        [300_000, 2],
      ],
    },
    { ...common, MetricName: 'Queued', minutes: 15, by: [[-Infinity, -1]] },
  ])
})

test('there are as many tasks as was said, at least and at most', () => {
  const target = (context: object) =>
    Object.entries(
      resources(synthService({ ...context }), 'AWS::ApplicationAutoScaling::ScalableTarget'),
    ).map(([id, { MinCapacity, MaxCapacity }]) => [
      /Fleet(Workers|Api)/.exec(id)?.[1],
      MinCapacity,
      MaxCapacity,
    ])
  expect(target({})).toEqual([
    ['Workers', 1, 8],
    ['Api', 1, 4],
  ])
  expect(target({ services: 'all', workers: '{"min":2,"max":3}' })).toEqual([['Workers', 2, 3]])
})
