import { createContext, use } from 'react'
import type { JobFeed } from '../feed/job-feed.ts'

export const FeedContext = createContext<JobFeed | undefined>(undefined)

/** Where news of jobs come from. */
export function useFeed(): JobFeed {
  const feed = use(FeedContext)
  if (!feed) throw new Error('There is no feed above this component.')
  return feed
}
