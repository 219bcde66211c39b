import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import type { Random } from '../support/random.ts'

/**
 * While `tell` runs, all that the platform calls random comes from the seed: ids (`node:crypto`) and jitter (Math.random).
 */
export async function withRandomOf<Result>(random: Random, tell: () => Promise<Result>): Promise<Result> {
  const real = { randomInt: crypto.randomInt, random: Math.random }
  crypto.randomInt = (most: number) => random.between(0, most - 1)
  syncBuiltinESMExports()
  Math.random = random.next
  try {
    return await tell()
  } finally {
    crypto.randomInt = real.randomInt
    syncBuiltinESMExports()
    Math.random = real.random
  }
}
