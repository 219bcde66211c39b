import { z } from 'zod'
import { Id } from '../contract/index.ts'

/** More would make the address longer than proxies take. */
const MOST_JOBS = 100

/** Jobs as a query names them: `jobId=a&jobId=b`. Each is there once, and counts once. */
export const JobIds = z.preprocess(
  (one) => (one === undefined ? one : [...new Set([one].flat())]),
  z.array(Id).min(1).max(MOST_JOBS),
)
