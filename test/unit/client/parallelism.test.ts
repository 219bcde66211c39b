import { expect, test } from 'vitest'
import { createParallelism, eachInParallel } from '../../../src/client/parallelism.ts'

test('it starts at three, grows by one with each clean part and stops at the most', () => {
  const parallelism = createParallelism(5)
  expect(parallelism.limit()).toBe(3)
  for (let part = 0; part < 10; part++) parallelism.clean()
  expect(parallelism.limit()).toBe(5)
})

test('it never starts above what the server takes', () => {
  expect(createParallelism(2).limit()).toBe(2)
})

test('parts that were under way together and fail together halve it once', () => {
  const parallelism = createParallelism(6)
  for (let part = 0; part < 3; part++) parallelism.clean()
  const marks = Array.from({ length: 6 }, () => parallelism.mark())
  for (const mark of marks) parallelism.strained(mark)
  expect(parallelism.limit()).toBe(3)
  for (let again = 0; again < 5; again++) parallelism.strained(parallelism.mark())
  expect(parallelism.limit()).toBe(1)
})

test('no more run at once than the limit of the moment', async () => {
  const releases: (() => void)[] = []
  let limit = 2
  const started: number[] = []
  const running = eachInParallel(
    [1, 2, 3, 4, 5],
    () => limit,
    new AbortController().signal,
    (part) => {
      started.push(part)
      return new Promise((resolve) => releases.push(resolve))
    },
  )
  expect(started).toEqual([1, 2])
  limit = 3
  releases.shift()?.()
  await expect.poll(() => started).toEqual([1, 2, 3, 4])
  limit = 1
  releases.splice(0).forEach((release) => release())
  await expect.poll(() => started).toEqual([1, 2, 3, 4, 5])
  releases.splice(0).forEach((release) => release())
  await running
})

test('the first failure stops the others and is the one that is thrown', async () => {
  const stopped: number[] = []
  const running = eachInParallel(
    [1, 2, 3],
    () => 3,
    new AbortController().signal,
    async (part, signal) => {
      if (part === 2) throw new Error('part 2 is bad')
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      stopped.push(part)
      throw signal.reason
    },
  )
  await expect(running).rejects.toThrow('part 2 is bad')
  expect(stopped).toEqual([1, 3])
})
