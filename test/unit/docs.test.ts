import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { MetricObject } from 'prom-client'
import { expect, test } from 'vitest'
import { Environment } from '../../src/config/config.ts'
import { JOB_ERROR_CODES } from '../../src/contract/index.ts'
import { createMetrics } from '../../src/http/index.ts'
import { KINDS } from '../../src/http/problem.ts'
import { formatsReference } from './formats-reference.ts'
import { read, ROOT, rows } from './markdown.ts'

test('every problem is documented with its status, and nothing else is', async () => {
  const [problems = '', jobs = ''] = (await read('docs/reference/problems.md')).split('## Errors of jobs')
  const documented = rows(problems).map(([code, status]) => [code, Number(status)])
  expect(documented).toEqual(Object.entries(KINDS).map(([code, { status }]) => [code, status]))
  expect(
    rows(jobs)
      .map(([code]) => code)
      .sort(),
  ).toEqual([...JOB_ERROR_CODES].sort())
})

test('every variable is documented, and nothing else is', async () => {
  const documented = rows(await read('docs/reference/configuration.md')).map(([name]) => name)
  expect(documented).toEqual(Object.keys(Environment.shape))
})

test('every metric is documented with its kind and labels, and nothing else is', async () => {
  const documented = rows(await read('docs/reference/metrics.md')).map((cells) => cells.slice(0, 3))
  const metrics = createMetrics().registry.getMetricsAsArray() as (MetricObject & { labelNames: string[] })[]
  const ours = metrics.filter(({ name }) => name.startsWith('tapedeck_'))
  expect(documented.sort()).toEqual(
    ours.map(({ name, type, labelNames }) => [name, type, labelNames.join(', ')]).sort(),
  )
})

/** Names under which Prometheus keeps a metric: a histogram has three. */
const seriesOf = ({ name, type }: MetricObject) =>
  String(type) === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [name]

test('the dashboard asks for metrics that there are, and leaves none out', async () => {
  const dashboard = JSON.parse(await read('docs/grafana/tapedeck.json')) as {
    panels: { targets: { expr: string }[] }[]
  }
  const asked = dashboard.panels.flatMap(({ targets }) =>
    targets.flatMap(({ expr }) => expr.match(/tapedeck_\w+/g) ?? []),
  )
  const ours = createMetrics()
    .registry.getMetricsAsArray()
    .filter(({ name }) => name.startsWith('tapedeck_'))
  const series = ours.flatMap(seriesOf)
  expect(asked.filter((name) => !series.includes(name))).toEqual([])
  const shown = ours.filter((metric) => seriesOf(metric).some((name) => asked.includes(name)))
  expect(shown.map(({ name }) => name)).toEqual(ours.map(({ name }) => name))
})

test('formats and options are documented as they are', async () => {
  const file = path.join(ROOT, 'docs/reference/formats.md')
  await expect(await formatsReference(file)).toMatchFileSnapshot(file)
})

test('the README is short, and prose at the root stays within its five files', async () => {
  expect((await read('README.md')).split('\n').length).toBeLessThan(150)
  const prose = (await readdir(ROOT)).filter((name) => /\.md$|^LICENSE$/.test(name))
  expect(prose.length).toBeLessThanOrEqual(5)
})
