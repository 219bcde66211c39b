import type { FastifyInstance } from 'fastify'
import type { ProblemCode } from '../contract/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { Failure } from '../kernel/failure.ts'
import { SECOND_MS } from '../kernel/units.ts'

/** A JSON body is small: who takes longer for it only holds a connection. */
const LONGEST_BODY_MS = 30 * SECOND_MS

class BodyTooSlow extends Failure {
  readonly code = 'request-timeout' satisfies ProblemCode
  constructor() {
    super(`The body did not arrive within ${LONGEST_BODY_MS / SECOND_MS} s. Please send the request again.`)
  }
}

/** Ends requests whose JSON body takes too long. Bytes of files come by routes without a body that is validated. */
export function limitBodyTime(app: FastifyInstance, clock: Pick<Clock, 'sleep'>): void {
  app.addHook('preParsing', ({ routeOptions }, reply, payload, done) => {
    if (routeOptions.schema?.body !== undefined) {
      const over = new AbortController()
      for (const end of ['end', 'close']) payload.once(end, () => over.abort())
      void clock.sleep(LONGEST_BODY_MS, over.signal).then(() => {
        if (over.signal.aborted || reply.sent) return
        reply.header('connection', 'close').send(new BodyTooSlow()) // what follows of the body is not waited for
      })
    }
    done(null, payload)
  })
}
