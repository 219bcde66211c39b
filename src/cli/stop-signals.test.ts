import { expect, test } from 'vitest'
import { createStopHandler } from './stop-signals.ts'

/** What a process does that gets stop signals at these times, in milliseconds. */
function actionsAfter(...times: readonly number[]) {
  const actions: string[] = []
  let now = 0
  const onSignal = createStopHandler(
    { now: () => now },
    { stop: () => actions.push('stop'), forceStop: () => actions.push('force stop') },
  )
  for (const time of times) {
    now = time
    onSignal()
  }
  return actions
}

test('a copy of the stop signal, as npm forwards it, does not force the stop', () => {
  expect(actionsAfter(5000, 5000, 5040, 6000)).toEqual(['stop'])
})

test('a second signal that is no copy forces the stop', () => {
  expect(actionsAfter(5000, 6001)).toEqual(['stop', 'force stop'])
})
