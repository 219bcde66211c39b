import { test as base } from 'vitest'
import { startFleet } from './fleet.ts'
import { Visitor } from './visitor.ts'

/** A test with a fleet that it shares with the others of its file, and a visitor of its own. */
export const test = base
  .extend('fleet', { scope: 'file' }, async ({}, { onCleanup }) => {
    const fleet = await startFleet()
    onCleanup(() => fleet[Symbol.asyncDispose]())
    return fleet
  })
  .extend('visitor', ({ fleet }, { onCleanup }) => {
    const visitor = new Visitor(fleet)
    onCleanup(() => visitor.leave())
    return visitor
  })
