import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod'
import { LiveView, ReadyView } from '../contract/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { remembered } from './remembered.ts'

/** Asks one dependency; throws when it does not answer. */
export type Check = () => Promise<unknown>

type Parts = { checks: Readonly<Record<string, Check>>; clock: Clock }

/** Probes come from every side, and none of them may cost a read each time. */
const REMEMBERED_MS = 5 * SECOND_MS
const common = { tags: ['operation'], security: [] }

/**
 * `live` looks at nothing. `ready` names what does not answer and stays 200: a load balancer that empties the fleet
 * when a store is away would do so exactly when the service should tell people what is going on.
 */
export const healthRoutes: FastifyPluginCallbackZod<Parts> = (app, { checks, clock }, done) => {
  const degraded = remembered(clock, REMEMBERED_MS, () => failing(checks))
  app.get(
    '/health/live',
    { schema: { ...common, summary: 'Whether the process answers', response: { 200: LiveView } } },
    () => ({
      status: 'ok' as const,
    }),
  )
  app.get(
    '/health/ready',
    { schema: { ...common, summary: 'Which store does not answer', response: { 200: ReadyView } } },
    async () => {
      const names = await degraded()
      return { status: names.length === 0 ? ('ok' as const) : ('degraded' as const), degraded: names }
    },
  )
  done()
}

async function failing(checks: Parts['checks']): Promise<string[]> {
  const outcomes = await Promise.all(
    Object.entries(checks).map(([name, check]) =>
      check().then(
        () => [],
        () => [name],
      ),
    ),
  )
  return outcomes.flat()
}
