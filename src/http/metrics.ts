import type { FastifyPluginCallback } from 'fastify'
import { collectDefaultMetrics, Counter, Registry } from 'prom-client'

export type Metrics = {
  registry: Registry
  /** Counts the units one DynamoDB call consumed. */
  countUnits: (use: { operation: string; table: string; units: number }) => void
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
  return {
    registry,
    countUnits: ({ operation, table, units: consumed }) => units.inc({ operation, table }, consumed),
  }
}

export const metricsRoutes: FastifyPluginCallback<{ registry: Registry }> = (app, { registry }, done) => {
  app.get('/metrics', { schema: { hide: true } }, async (_, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  )
  done()
}
