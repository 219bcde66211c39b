import { createReadStream } from 'node:fs'
import { copyFile, mkdtemp, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Change, JobOptions, JobRequest, JobView, Media } from '../../src/contract/index.ts'
import { Execution } from '../../src/conversions/execution.ts'
import { createInspector } from '../../src/conversions/inspect.ts'
import type { Settlement } from '../../src/conversions/job-repository.ts'
import { sourceOf, uploadIdsOf, wishOf } from '../../src/conversions/job-request.ts'
import { logKey, type Job, type LeasedJob } from '../../src/conversions/job.ts'
import { runJob, type RunningJob, type RunParts } from '../../src/conversions/run-job.ts'
import { jobView } from '../../src/conversions/views.ts'
import { WorkFolders } from '../../src/conversions/work-folder.ts'
import { FORMATS } from '../../src/ffmpeg/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { newId } from '../../src/kernel/ids.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { silentMeter } from '../../src/kernel/meter.ts'
import { noTracing } from '../../src/kernel/tracing.ts'
import { HOUR_MS } from '../../src/kernel/units.ts'
import { heartbeatTiming, OwnPage } from '../../src/progress/index.ts'
import { cleanFileName, coverKey, type Cover, type Session } from '../../src/uploads/index.ts'
import { makeDataDir } from './embedded.ts'
import { newJob } from './jobs.ts'
import { decoded, type Decoded } from './sound.ts'
import { makeTake, type Take } from './take.ts'
import { toolsAt } from './tools.ts'
import { makeTagged, type Recipe } from './tagged.ts'

/** What became of a request: the job as it was queued and as it ended, FFmpeg's log, and where the result lies. */
export type Conversion = { queued: JobView; job: JobView; log: string; file: string }

/** A result that came of a file, with what was told of it before. */
export type ConvertedFile = {
  file: string
  log: string
  warnings: string[]
  changes: Change[]
  foretold: Change[]
}

type Upload = { session: Session; file: string; media?: Media }

const WORKER = 'converter'
const ENVIRONMENT = {
  clock: systemClock,
  log: silentLog,
  meter: silentMeter,
  tracing: noTracing,
  random: Math.random,
  retentionMs: HOUR_MS,
}

/**
 * Converts files with the program's own code, from the inspection of an upload to the end of its job: everything but HTTP,
 * the queue and the stores. Jobs are kept in memory, and results in a folder.
 */
export class Converter implements AsyncDisposable {
  readonly #folder: string
  readonly #opened: AsyncDisposableStack
  readonly #uploads = new Map<string, Upload>()
  /** What lies in S3 elsewhere, by its key. */
  readonly #objects = new Map<string, Buffer>()
  readonly #pipeline: RunParts
  readonly #inspect: ReturnType<typeof createInspector>

  private constructor(
    opened: AsyncDisposableStack,
    folder: string,
    parts: Pick<RunParts, 'tools' | 'maxDurationMs'>,
  ) {
    this.#opened = opened
    this.#folder = folder
    this.#pipeline = {
      ...ENVIRONMENT,
      ...parts,
      read: (uploadId) => Promise.resolve(createReadStream(this.#upload(uploadId).file)),
      results: {
        put: (made) => copyFile(made.path, this.#resultFile(made.key)),
        readBytes: (key) => Promise.resolve(this.#objects.get(key)),
      },
      folders: new WorkFolders(this.at('tmp'), WORKER),
    }
    this.#inspect = createInspector({
      ...this.#pipeline,
      concurrency: 2,
      shutdown: new AbortController().signal,
    })
  }

  static async open({ maxDurationMs = 24 * HOUR_MS } = {}): Promise<Converter> {
    await using opened = new AsyncDisposableStack()
    const folder = opened.use(await makeDataDir()).path
    const tools = await toolsAt()
    return new Converter(opened.move(), folder, { tools, maxDurationMs })
  }

  /** Where a file of this name lies, or may be put. */
  at(name: string): string {
    return path.join(this.#folder, name)
  }

  /** Takes a file in as a finished upload; gives the upload's id. Throws SourceRefused. */
  async add(file: string, name = path.basename(file)): Promise<string> {
    const { size } = await stat(file)
    const session = newSession(cleanFileName(name), size)
    const upload: Upload = { session, file }
    this.#uploads.set(session.uploadId, upload)
    upload.media = await this.#inspect(session.uploadId, size)
    return session.uploadId
  }

  /** What the inspection of an upload found. */
  mediaOf(uploadId: string): Media {
    const { media } = this.#upload(uploadId)
    if (!media) throw new Error(`The upload ${uploadId} was refused.`)
    return media
  }

  /** Gives an upload a cover of its own, as of now. */
  setCover(uploadId: string, cover: Cover, bytes: Buffer): void {
    const upload = this.#upload(uploadId)
    upload.session = { ...upload.session, cover }
    this.#objects.set(coverKey(uploadId, cover), bytes)
  }

  /** Makes a file of sound, its container by the name, and takes it in; gives the upload's id. */
  async take(name: string, take: Take): Promise<string> {
    await makeTake(this.at(name), take)
    return this.add(this.at(name))
  }

  /** Makes a take, and converts it with options: what went in, and what came out. */
  async edit(name: string, take: Take, options: Record<string, unknown>, format = 'wav') {
    const uploadId = await this.take(name, take)
    const source = await decoded(this.at(name))
    return { source, ...(await this.play({ uploadId, format, options })) }
  }

  /** Makes a file with tags, and cover and chapters where its recipe has some; gives where it lies. */
  async tagged(name: string, recipe?: Recipe): Promise<string> {
    const made = await mkdtemp(this.at('tagged-'))
    return makeTagged(made, name, recipe)
  }

  /** Converts as a job of this request would, to whatever end. Throws what the request would be refused with. */
  async convert(request: JobRequest): Promise<Conversion> {
    const wish = wishOf(request, FORMATS)
    const claimed = uploadIdsOf(request).map((id) => ({
      session: this.#upload(id).session,
      media: this.mediaOf(id),
    }))
    const source = sourceOf(claimed, wish, this.#pipeline.maxDurationMs)
    const queued: Job = {
      ...newJob(systemClock.now()),
      ...source,
      format: wish.format.id,
      options: wish.options,
    }
    const ended = await this.#execute({ ...queued, state: 'running', owner: WORKER, fence: 1, attempt: 1 })
    const log = this.#objects.get(logKey(ended))?.toString() ?? ''
    const file = this.#resultFile(ended.result?.key ?? 'none')
    return { queued: viewOf(queued), job: viewOf(ended), log, file }
  }

  /** The same of what must go well: fails with the job's error. */
  async make(request: JobRequest): Promise<Conversion> {
    const made = await this.convert(request)
    const { state, error } = made.job
    if (state !== 'done') throw new Error(`The job ended ${state}: ${JSON.stringify(error)}`)
    return made
  }

  /** The same, listened to. */
  async play(request: JobRequest): Promise<Conversion & { sound: Decoded }> {
    const made = await this.make(request)
    return { ...made, sound: await decoded(made.file) }
  }

  /** Takes a file in and converts it. */
  async convertFile(source: string, format: string, options?: JobOptions): Promise<ConvertedFile> {
    const { queued, job, log, file } = await this.make({ uploadId: await this.add(source), format, options })
    const { changes, warnings = [] } = job
    return { file, log, warnings, changes, foretold: queued.changes }
  }

  async #execute(lease: LeasedJob): Promise<Job> {
    let settled: Settlement | undefined
    const settle = (_: LeasedJob, settlement: Settlement) => {
      settled = settlement
      return Promise.resolve('settled' as const)
    }
    const repository = { write: () => Promise.resolve([]) }
    const execution = {
      ...this.#pipeline,
      ...ENVIRONMENT,
      jobs: { settle },
      results: {
        putText: (key: string, text: string) =>
          Promise.resolve(void this.#objects.set(key, Buffer.from(text))),
        findReceipt: () => Promise.resolve(undefined),
      },
      page: new OwnPage({ ...ENVIRONMENT, repository, workerId: WORKER, timing: heartbeatTiming(HOUR_MS) }),
      run: (running: RunningJob) => runJob(this.#pipeline, running),
    }
    await new Execution(execution, lease).run()
    return { ...lease, ...settled }
  }

  #resultFile(key: string): string {
    return this.at(key.replaceAll('/', '-'))
  }

  #upload(uploadId: string): Upload {
    const upload = this.#uploads.get(uploadId)
    if (!upload) throw new Error(`There is no upload ${uploadId}.`)
    return upload
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync()
  }
}

const viewOf = (job: Job): JobView =>
  jobView({ status: { job }, stale: false, asOf: job.updatedAt, nextAt: 0 })

function newSession(name: string, size: number): Session {
  const now = systemClock.now()
  return {
    uploadId: newId(),
    state: 'ready',
    name,
    size,
    partSize: size,
    partCount: 1,
    transport: 'proxy',
    summed: false,
    requestHash: 'h',
    createdAt: now,
    updatedAt: now,
    expiresAt: now + HOUR_MS,
  }
}
