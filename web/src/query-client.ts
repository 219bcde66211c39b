import { QueryClient } from '@tanstack/react-query'
import { ApiProblem } from './api-problem.ts'

const TRIES = 6
const LONGEST_WAIT_MS = 15_000

const retry = (failures: number, error: Error) =>
  error instanceof ApiProblem && error.mayHeal && failures < TRIES

const retryDelay = (failures: number, error: Error) =>
  (error instanceof ApiProblem ? error.retryAfterMs : undefined) ??
  Math.min(LONGEST_WAIT_MS, 500 * 2 ** failures)

/** Repeats only what may heal, and not before the server wants it. */
export const createQueryClient = () =>
  new QueryClient({
    defaultOptions: {
      // A page served from this very machine works without any network.
      queries: { retry, retryDelay, networkMode: 'always', refetchOnWindowFocus: false },
      mutations: { retry, retryDelay, networkMode: 'always' },
    },
  })

/** The same patience for a call that no component makes. */
export const patiently = <T>(queryClient: QueryClient, call: () => Promise<T>): Promise<T> =>
  queryClient.getMutationCache().build(queryClient, { mutationFn: call }).execute(undefined)
