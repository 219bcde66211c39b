import type { FastifyPluginCallback } from 'fastify'
import { collectDefaultMetrics, Counter, Registry } from 'prom-client'
import type { CleanupView } from '../contract/index.ts'

export type Metrics = {
  registry: Registry
  /** Counts the units one DynamoDB call consumed. */
  countUnits: (use: { operation: string; table: string; units: number }) => void
  /** Counts what one sweep removed. */
  countSweep: (report: CleanupView) => void
}

/** What Prometheus may read of this process. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const units = new Counter({
    name: 'tapedeck_dynamodb_units_total',
    help: 'Capacity units consumed, as DynamoDB told it',
    labelNames: ['operation', 'table'],
    registers: [registry],
  })
  const swept = new Counter({
    name: 'tapedeck_swept_total',
    help: 'What cleanup removed: records, objects, unfinished multipart uploads, bytes; and what it failed to',
    labelNames: ['what'],
    registers: [registry],
  })
  return {
    registry,
    countSweep(report) {
      for (const [what, count] of Object.entries(report))
        if (what !== 'durationMs') swept.inc({ what }, count)
    },
    countUnits: ({ operation, table, units: consumed }) => units.inc({ operation, table }, consumed),
  }
}

export const metricsRoutes: FastifyPluginCallback<{ registry: Registry }> = (app, { registry }, done) => {
  app.get('/metrics', { schema: { hide: true } }, async (_, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  )
  done()
}
