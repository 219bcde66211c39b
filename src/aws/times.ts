import { HOUR_MS, SECOND_MS } from '../kernel/units.ts'

/** So long an expired record is known as expired, rather than unknown. */
const TOMBSTONE_LIFE_MS = 7 * 24 * HOUR_MS

/** DynamoDB's TTL counts in epoch seconds, everything of ours in milliseconds. */
export const epochSeconds = (ms: number) => Math.ceil(ms / SECOND_MS)

/** The `ttl` of a record that was buried now. */
export const tombstoneTtl = (now: number) => epochSeconds(now + TOMBSTONE_LIFE_MS)

/** Index keys sort as text: times are padded so that they sort as numbers do. */
export const sortableTime = (ms: number) => String(ms).padStart(15, '0')
