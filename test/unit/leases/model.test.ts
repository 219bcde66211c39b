import { expect, test } from 'vitest'
import { explore } from './explore.ts'
import { checkStep, isFinished, START, stepsOf, type Mutant } from './model.ts'

const exploreWith = (mutant?: Mutant) =>
  explore({ start: START, steps: (world) => stepsOf(world, mutant), check: checkStep, finished: isFinished })

test(
  'in every order of claims, crashes, lost, late and repeated writes, takeovers, receipts, cancels, retries and cleanups, all promises hold',
  { timeout: 60_000 },
  () => {
    const { states, broken, stuck } = exploreWith()
    expect(broken).toBeUndefined()
    expect(stuck).toEqual([])
    expect(states).toBeGreaterThan(100_000)
  },
)

test.each<[Mutant, string]>([
  ['no fence check', 'a lease that was lost has committed'],
  ['no fence in claims', 'a fence fell'],
  ['no state check', 'an ended job moved from'],
  ['shared result key', 'the result is not what its lease wrote'],
  ['cancel ignored', 'a job was done after it was cancelled'],
  ['TTL before cleanup', 'a record vanished before its objects'],
])('without its guard (%s) the protocol breaks, and the explorer says how', (mutant, why) => {
  const { broken } = exploreWith(mutant)
  expect(broken?.why).toContain(why)
  expect(broken?.path.length).toBeGreaterThan(1)
})

test('an explorer that finds a state without a way out says so', () => {
  const steps = (at: number) => (at === 0 ? [1, 2].map((to) => ({ name: `${to}`, to })) : [])
  const { stuck } = explore({ start: 0, steps, check: () => undefined, finished: (at) => at === 1 })
  expect(stuck).toEqual([2])
})
