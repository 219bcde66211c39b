import { z } from 'zod'

/** Keys shorter than this could be guessed, and with them the id of what was made: a UUID is long enough. */
const SHORTEST_KEY = 16

/** Header of every creating POST: the same key with the same body gives the same answer. */
export const IdempotencyHeader = z.object({
  'idempotency-key': z.string().min(SHORTEST_KEY).max(255).optional(),
})
