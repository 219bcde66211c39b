import { z } from 'zod'

/** More would make the address longer than proxies take. */
const MOST_JOBS = 100

/** Jobs as a query names them: `jobId=a&jobId=b`. Each counts once. */
export const JobIds = z.preprocess(
  (one) => (typeof one === 'string' ? [one] : one),
  z.array(z.string()).min(1).max(MOST_JOBS),
)
