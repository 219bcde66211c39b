import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createUploadMemory, startUpload, xhrTransport } from '../../src/client/index.ts'
import { access } from './access/index.ts'
import { streamUrl } from './addresses.ts'
import { cancelJob, createJob, lookAtUpload, removeJob, removeUpload, serverRoot } from './api.ts'
import { App } from './app.tsx'
import { CrashGuard } from './components/crash-guard.tsx'
import { createHistory, Deck } from './deck/index.ts'
import { JobFeed } from './feed/job-feed.ts'
import { progressQuery, recordQuery } from './hooks/job-queries.ts'
import { FeedContext } from './hooks/use-feed.ts'
import { PlayerContext } from './hooks/use-player.ts'
import { Player } from './listening/player.ts'
import { language } from './messages/index.ts'
import { whenOnline } from './network.ts'
import { createQueryClient, patiently } from './query-client.ts'
import { browserStorage } from './storage.ts'
import './styles/tokens.css'
import './styles/base.css'

await access.revive()
const owner = access.owner()
// The key has stopped opening anything: the page asks for another.
access.subscribe(() => {
  if (owner !== undefined && access.owner() === undefined) window.location.reload()
})

/** Another owner of a key is shown a list of their own. */
const place = owner === undefined ? serverRoot : `${serverRoot} of ${owner}`

const queryClient = createQueryClient()
const transport = xhrTransport(() => new XMLHttpRequest())
const later = (run: () => void, ms: number) => void setTimeout(run, ms)

const keyOf = (jobId: string) => progressQuery(jobId, feed).queryKey
const feed: JobFeed = new JobFeed({
  open: (jobIds) => new EventSource(streamUrl(jobIds)),
  onProgress: (view) => queryClient.setQueryData(keyOf(view.jobId), view),
  onProblem: (jobId) => void queryClient.invalidateQueries({ queryKey: keyOf(jobId) }),
  onSilence: (jobIds) =>
    jobIds.forEach(
      (jobId) => void queryClient.refetchQueries({ queryKey: keyOf(jobId) }, { cancelRefetch: false }),
    ),
  later,
})

const history = createHistory({
  storage: browserStorage(),
  name: `tapedeck files ${place}`,
  now: () => Date.now(),
  later,
})

const deck = new Deck({
  // Of the browser's six connections one is for the news of jobs, and one stays free for everything else.
  upload: (file, call) =>
    startUpload(file, {
      ...{ ...call, baseUrl: serverRoot, headers: access.headers },
      ...{ transport, whenOnline, maxParallel: 4 },
    }),
  begun: createUploadMemory({ indexedDb: window.indexedDB, name: `tapedeck begun ${place}` }),
  history,
  lookAt: lookAtUpload,
  startJob: async (request, requestKey) => {
    const job = await patiently(queryClient, () => createJob(request, requestKey))
    queryClient.setQueryData(recordQuery(job.id).queryKey, job)
    queryClient.setQueryData(progressQuery(job.id, feed).queryKey, job.progress)
    return job
  },
  cancelJob: (jobId) => patiently(queryClient, () => cancelJob(jobId)),
  removeJob,
  removeUpload,
})

window.addEventListener('pagehide', () => history.flush())
document.addEventListener('visibilitychange', () => feed.show(!document.hidden))
document.documentElement.lang = language
void deck.revive()

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <CrashGuard>
        <QueryClientProvider client={queryClient}>
          <FeedContext value={feed}>
            <PlayerContext value={new Player(() => new Audio())}>
              <App deck={deck} />
            </PlayerContext>
          </FeedContext>
        </QueryClientProvider>
      </CrashGuard>
    </StrictMode>,
  )
}
