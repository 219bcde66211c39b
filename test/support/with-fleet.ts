import { test as base } from 'vitest'
import { startFleet } from './fleet.ts'
import { Visitor } from './visitor.ts'

/**
 * Long enough for a worker on a loaded machine to be heard in time, and a quarter of what a dead one is waited for in
 * production. Files that need the real time override the fixture.
 */
const SHORT_TIMEOUT_SECONDS = 8

/** A test with a fleet that it shares with the others of its file, and a visitor of its own. */
export const test = base
  .extend('heartbeatTimeoutSeconds', { scope: 'file' }, SHORT_TIMEOUT_SECONDS as number)
  .extend('fleet', { scope: 'file' }, async ({ heartbeatTimeoutSeconds }, { onCleanup }) => {
    const fleet = await startFleet({ heartbeatTimeoutSeconds })
    onCleanup(() => fleet[Symbol.asyncDispose]())
    return fleet
  })
  .extend('visitor', ({ fleet }, { onCleanup }) => {
    const visitor = new Visitor(fleet)
    onCleanup(() => visitor.leave())
    return visitor
  })
