import type { Track } from '../deck/index.ts'
import { messages } from '../messages/index.ts'

/** The server puts so many results into one zip. */
const MOST_IN_ONE = 100

type ZipLinksProps = {
  tracks: readonly Track[]
  done: ReadonlySet<string>
  urlOf: (jobIds: readonly string[]) => string
}

/** All results at once; very many come in several zips. */
export function ZipLinks({ tracks, done, urlOf }: ZipLinksProps) {
  const { zip, zipPart } = messages.batch
  const jobIds = tracks.flatMap(({ state }) =>
    state.step === 'converting' && done.has(state.jobId) ? [state.jobId] : [],
  )
  if (jobIds.length < 2) return null
  const starts = jobIds.flatMap((_, at) => (at % MOST_IN_ONE === 0 ? [at] : []))
  return starts.map((start) => {
    const some = jobIds.slice(start, start + MOST_IN_ONE)
    const words = starts.length === 1 ? zip(some.length) : zipPart(start + 1, start + some.length)
    return (
      <a key={start} className="as-button" href={urlOf(some)} download="tapedeck.zip">
        {words}
      </a>
    )
  })
}
