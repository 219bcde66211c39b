import type { ProgressView } from '../../../src/contract/jobs.ts'

/** The server takes so many jobs in one stream; those beyond are asked for one by one. */
const MOST_JOBS = 100
/** Jobs that begin together are to come in one stream. */
const GATHER_MS = 200
/** The browser comes back by itself after a broken line, not after an answer that is no stream. */
const COME_BACK_MS = 5000
/** The server ends each stream now and then, and has the browser come back within 3 s: that is no silence yet. */
const SILENT_AFTER_MS = 4000

/** As much of the browser's `EventSource` as is used here. */
export type Stream = Pick<EventSource, 'addEventListener' | 'close' | 'readyState'>

const OPEN = 1
const CLOSED = 2

export type JobFeedParts = {
  /** Opens server-sent events for these jobs. */
  open: (jobIds: readonly string[]) => Stream
  onProgress: (view: ProgressView) => void
  /** A job the server does not know any more. */
  onProblem: (jobId: string) => void
  /** Jobs whose stream broke and has not come back: how they fare has to be asked for now. */
  onSilence: (jobIds: readonly string[]) => void
  later: (run: () => void, ms: number) => void
}

/**
 * News of all running jobs over one connection, as a browser has only six for a server. It is opened for the jobs that are
 * followed and are not over; `isLive` tells whether a job's news come by it, or have to be asked for.
 */
export class JobFeed {
  readonly #parts: JobFeedParts
  readonly #followed = new Map<string, number>()
  readonly #ended = new Set<string>()
  #streamed = new Set<string>()
  #stream: Stream | undefined
  #gathering = false
  #listening = false
  #visible = true

  constructor(parts: JobFeedParts) {
    this.#parts = parts
  }

  /** Until the returned function is called. */
  follow(jobId: string): () => void {
    this.#followed.set(jobId, (this.#followed.get(jobId) ?? 0) + 1)
    this.#ended.delete(jobId)
    this.#gather(GATHER_MS)
    return () => {
      const left = (this.#followed.get(jobId) ?? 1) - 1
      if (left > 0) this.#followed.set(jobId, left)
      else this.#followed.delete(jobId)
    }
  }

  isLive(jobId: string): boolean {
    return this.#stream?.readyState === OPEN && this.#streamed.has(jobId)
  }

  /** A window nobody looks at gives its connection to the others. */
  show(visible: boolean): void {
    this.#visible = visible
    if (!visible) this.#close()
    else this.#gather(0)
  }

  /** A job that was over runs again. */
  revive(jobId: string): void {
    this.#ended.delete(jobId)
    this.#streamed.delete(jobId)
    this.#gather(GATHER_MS)
  }

  #gather(ms: number): void {
    if (this.#gathering) return
    this.#gathering = true
    this.#parts.later(() => {
      this.#gathering = false
      this.#connect()
    }, ms)
  }

  #connect(): void {
    const wanted = [...this.#followed.keys()].filter((jobId) => !this.#ended.has(jobId)).slice(0, MOST_JOBS)
    if (!this.#visible || wanted.length === 0) return
    const isServed = this.#stream && this.#stream.readyState !== CLOSED
    if (isServed && wanted.every((jobId) => this.#streamed.has(jobId))) return
    this.#close()
    const stream = this.#parts.open(wanted)
    this.#stream = stream
    this.#streamed = new Set(wanted)
    stream.addEventListener('progress', (event) => this.#take(dataOf(event) as ProgressView))
    stream.addEventListener('problem', (event) => {
      const { jobId } = dataOf(event) as { jobId: string }
      this.#ended.add(jobId)
      this.#parts.onProblem(jobId)
    })
    stream.addEventListener('error', () => {
      if (stream !== this.#stream) return
      if (stream.readyState === CLOSED) this.#gather(COME_BACK_MS)
      this.#listenForSilence()
    })
  }

  #listenForSilence(): void {
    if (this.#listening) return
    this.#listening = true
    this.#parts.later(() => {
      this.#listening = false
      const silent = [...this.#streamed].filter((jobId) => !this.#ended.has(jobId) && !this.isLive(jobId))
      if (silent.length > 0) this.#parts.onSilence(silent)
    }, SILENT_AFTER_MS)
  }

  #take(view: ProgressView): void {
    const isOver = view.state !== 'queued' && view.state !== 'running'
    if (isOver) this.#ended.add(view.jobId)
    this.#parts.onProgress(view)
    const isAllOver = [...this.#streamed].every((jobId) => this.#ended.has(jobId))
    if (isAllOver) this.#close() // or the browser would come back once more, to be told to stay away
  }

  #close(): void {
    this.#stream?.close()
    this.#stream = undefined
    this.#streamed = new Set()
  }
}

const dataOf = (event: Event): unknown => JSON.parse((event as MessageEvent<string>).data)
