import type { FastifyPluginCallback } from 'fastify'
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { CleanupView } from '../contract/index.ts'
import type { Meter } from '../kernel/meter.ts'
import { backlogMetrics } from './backlog-metrics.ts'
import { instrumentsOf, type Instruments } from './instruments.ts'
import { jobMetrics } from './job-metrics.ts'
import { storeMetrics } from './store-metrics.ts'
import { trafficMetrics } from './traffic-metrics.ts'
import { uploadMetrics } from './upload-metrics.ts'

export type Metrics = ReturnType<typeof createMetrics>

/** What Prometheus may read of this process (docs/reference/metrics.md), and those who are told of what happens. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const instruments = instrumentsOf(registry)
  const meter: Meter = { ...jobMetrics(instruments), ...uploadMetrics(instruments) }
  return {
    ...{ registry, meter, countSweep: sweepMetrics(instruments) },
    ...storeMetrics(instruments),
    ...backlogMetrics(instruments),
    ...trafficMetrics(instruments),
  }
}

/** Counts what one sweep removed. */
function sweepMetrics({ counter }: Instruments): (report: CleanupView) => void {
  const swept = counter({
    name: 'tapedeck_swept_total',
    help: 'What cleanup removed: records, objects, unfinished multipart uploads, bytes; and what it failed to',
    labels: ['what'],
  })
  return (report) => {
    for (const [what, count] of Object.entries(report)) if (what !== 'durationMs') swept.inc({ what }, count)
  }
}

type Parts = { metrics: Pick<Metrics, 'registry' | 'observeTraffic'> }

export const metricsRoutes: FastifyPluginCallback<Parts> = (app, { metrics }, done) => {
  const { registry, observeTraffic } = metrics
  observeTraffic(app.server)
  app.get('/metrics', { schema: { hide: true } }, async (_, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  )
  done()
}
