import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createUploadMemory, randomKey, startUpload, xhrTransport } from '../../src/client/index.ts'
import { cancelJob, createJob, serverRoot } from './api.ts'
import { App } from './app.tsx'
import { Deck } from './deck/index.ts'
import { messages } from './messages/index.ts'
import { whenOnline } from './network.ts'
import { createQueryClient } from './query-client.ts'
import './styles/tokens.css'
import './styles/base.css'

const queryClient = createQueryClient()
const transport = xhrTransport(() => new XMLHttpRequest())

const deck = new Deck({
  // One connection of the browser's six stays free for everything else.
  upload: (file, call) =>
    startUpload(file, { ...call, baseUrl: serverRoot, transport, whenOnline, maxParallel: 5 }).finished,
  begun: createUploadMemory({ indexedDb: window.indexedDB, name: `tapedeck begun ${serverRoot}` }),
  startJob: (request) => {
    const key = randomKey()
    return queryClient
      .getMutationCache()
      .build(queryClient, { mutationFn: () => createJob(request, key) })
      .execute(undefined)
  },
  cancelJob,
})

document.documentElement.lang = messages.language
const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <App deck={deck} />
      </QueryClientProvider>
    </StrictMode>,
  )
}
