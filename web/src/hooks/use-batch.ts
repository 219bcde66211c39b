import { useQueries } from '@tanstack/react-query'
import { useEffect, useEffectEvent, useState } from 'react'
import type { ProgressView } from '../../../src/contract/jobs.ts'
import type { Track } from '../deck/index.ts'
import { messages } from '../messages/index.ts'
import { percentage } from '../messages/units.ts'
import { batchOf, type Batch } from '../tracks/batch.ts'
import { progressQuery } from './job-queries.ts'
import { useFeed } from './use-feed.ts'

/** All files of this visit together, and which jobs are done. */
export function useBatch(tracks: readonly Track[]): Batch & { done: ReadonlySet<string> } {
  const feed = useFeed()
  const jobIds = tracks.flatMap(({ state }) => (state.step === 'converting' ? [state.jobId] : []))
  const progress = useQueries({
    // The rows ask; this only looks at what they know.
    queries: jobIds.map((jobId) => ({ ...progressQuery(jobId, feed), enabled: false })),
    combine: (results) =>
      new Map(results.flatMap(({ data }): [string, ProgressView][] => (data ? [[data.jobId, data]] : []))),
  })
  const done = new Set(jobIds.filter((jobId) => progress.get(jobId)?.state === 'done'))
  return { ...batchOf(tracks, progress), done }
}

const RING = 2 * Math.PI * 26

/** The window's title and icon tell how far the batch is, also from behind other windows. */
export function usePageStatus({ running, ready, percent }: Batch): void {
  const { page } = messages
  const whole = Math.floor(percent)
  const isBusy = running > 0
  useEffect(() => {
    document.title = isBusy
      ? page.titleBusy(percentage(whole))
      : ready > 0
        ? page.titleDone(ready)
        : page.name
    const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]')
    if (!icon) return
    const [share, colour] = isBusy ? [whole / 100, '#e8912d'] : [1, '#3f9a5f']
    icon.href = isBusy || ready > 0 ? ringIcon(share, colour) : './favicon.svg'
  }, [isBusy, ready, whole, page])
}

const ringIcon = (share: number, colour: string) =>
  `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" fill="#151b1a"/><g fill="none" stroke-width="9" transform="rotate(-90 32 32)"><circle cx="32" cy="32" r="26" stroke="#3b4745"/><circle cx="32" cy="32" r="26" stroke="${colour}" stroke-dasharray="${RING * share} ${RING}"/></g></svg>`,
  )}`

const SAID_AT_MOST_EVERY_MS = 15_000

/** What is said aloud while work goes on: now and then, and when it is over. */
export function useAnnouncement({ percent, isOver, running, ...counts }: Batch): string {
  const [said, setSaid] = useState('')
  const summary = messages.batch.summary({ running, ...counts })
  const words = running > 0 ? messages.batch.progress(summary, percentage(percent)) : isOver ? summary : ''
  const isBusy = running > 0
  const say = useEffectEvent(() => setSaid(words))
  useEffect(() => {
    if (!isBusy) return
    const every = setInterval(say, SAID_AT_MOST_EVERY_MS)
    return () => clearInterval(every)
  }, [isBusy])
  return isBusy ? said : words
}
