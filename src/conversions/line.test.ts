import { expect, test } from 'vitest'
import { settled } from '../../test/support/fake-clock.ts'
import { Line } from './line.ts'

test('work is begun when all that came before it has ended, in order', async () => {
  const line = new Line()
  const told: string[] = []
  const gates = new Map(['a', 'b', 'c'].map((name) => [name, Promise.withResolvers<undefined>()]))
  const ends = [...gates].map(([name, { promise }]) =>
    line.do(async () => {
      told.push(`${name} begins`)
      await promise
      told.push(`${name} ends`)
    }),
  )
  gates.get('b')?.resolve(undefined)
  await settled()
  expect(told).toEqual(['a begins'])
  gates.get('a')?.resolve(undefined)
  await settled()
  expect(told).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins'])
  gates.get('c')?.resolve(undefined)
  await Promise.all(ends)
})

test('whoever gave the work gets its result, or its error', async () => {
  const line = new Line()
  const failing = line.do(() => Promise.reject(new Error('broken')))
  const working = line.do(() => Promise.resolve(7))
  await expect(failing).rejects.toThrow('broken')
  expect(await working).toBe(7)
})
