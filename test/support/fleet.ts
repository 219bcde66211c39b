import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createApi, type Api } from './api.ts'
import { makeAudio, SOURCES } from './audio.ts'
import { startStores, type SharedStores } from './embedded.ts'
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts'
import { pacedFfmpeg } from './tools.ts'
import { startProgram, type Program } from './program.ts'

/** Seconds of sound that one second of conversion takes. */
const PACE = 4

/** One program of a fleet. It keeps its data folder when it is started again, and gets a new address. */
export class Member {
  readonly #start: () => Promise<Program>
  #program: Program
  #past = ''
  #answers = true
  api: Api
  readonly dataDir: string

  constructor(program: Program, dataDir: string, start: () => Promise<Program>) {
    this.#program = program
    this.#start = start
    this.dataDir = dataDir
    this.api = createApi(program.url)
  }

  get url(): string {
    return this.#program.url
  }

  /** Whether it runs and is not stopped. */
  get answers(): boolean {
    return this.#answers
  }

  /** Ends it and waits for that. Works for a stopped one, too, when the signal is SIGKILL. */
  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#answers = false
    await this.#program.kill(signal)
  }

  stop(): void {
    this.#answers = false
    process.kill(this.#program.pid, 'SIGSTOP')
  }

  wake(): void {
    process.kill(this.#program.pid, 'SIGCONT')
    this.#answers = true
  }

  async restart(): Promise<void> {
    this.#past = this.output()
    this.#program = await this.#start()
    this.api = createApi(this.#program.url)
    this.#answers = true
  }

  /** What it wrote so far, over all its lives. */
  output(): string {
    return this.#past + this.#program.output()
  }

  /** What its last life ended with; undefined when it lives or was killed. */
  exitCode(): number | undefined {
    const [, code] = /^exit code (\d+)$/m.exec(this.#program.output()) ?? []
    return code === undefined ? undefined : Number(code)
  }

  /** The fences under which it began to convert a job. */
  leases(jobId: string): number[] {
    const lines = this.output().split('\n')
    return lines
      .filter((line) => line.includes('"conversion started"') && line.includes(`"${jobId.slice(0, 8)}…"`))
      .map((line) => (JSON.parse(line) as { fence: number }).fence)
  }
}

/** Three programs with one slot each, on stores they share and reach by name, each store behind a line of its own. */
export type Fleet = AsyncDisposable & {
  stores: SharedStores
  dynamodb: FaultProxy
  s3: FaultProxy
  members: readonly [Member, Member, Member]
  /** What one more process needs to reach the stores as the members do. */
  env: Record<string, string>
  /** From now on no name can be resolved, and what was connected is cut; until {@link Fleet.findNames}. */
  loseNames(): Promise<void>
  findNames(): Promise<void>
  /** The member that took a job up last. */
  runnerOf(jobId: string): Member | undefined
  /** Makes a file of so many seconds, uploads it, and gives the upload's id. */
  upload(seconds: number): Promise<string>
}

/** Starts a fleet; its programs end with this process, whatever becomes of it. */
export async function startFleet({
  heartbeatTimeoutSeconds,
}: {
  heartbeatTimeoutSeconds: number
}): Promise<Fleet> {
  await using opened = new AsyncDisposableStack()
  const stores = opened.use(await startStores())
  const dynamodb = opened.use(await startFaultProxy(stores.endpoints.dynamodb))
  const s3 = opened.use(await startFaultProxy(stores.endpoints.s3))
  const flag = path.join(stores.folder, 'names-fail')
  const env = await environment(stores, { dynamodb, s3 }, { flag, heartbeatTimeoutSeconds })
  const member = async (name: string) => {
    const dataDir = path.join(stores.folder, name)
    const start = () => startProgram({ dataDir, env })
    return opened.adopt(new Member(await start(), dataDir, start), (one) => one.kill('SIGKILL'))
  }
  const members = await Promise.all([member('one'), member('two'), member('three')])
  const all = opened.move()
  return {
    ...{ stores, dynamodb, s3, members, env },
    async loseNames() {
      await writeFile(flag, '')
      for (const line of [dynamodb, s3]) line.cut()
    },
    findNames: () => rm(flag),
    runnerOf: (jobId) => lastRunner(members, jobId),
    upload: (seconds) => uploadSines(stores.folder, members[0].api, seconds),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

type Lines = Pick<Fleet, 'dynamodb' | 's3'>

async function environment(
  stores: SharedStores,
  { dynamodb, s3 }: Lines,
  { flag, heartbeatTimeoutSeconds }: { flag: string; heartbeatTimeoutSeconds: number },
) {
  const preload = fileURLToPath(import.meta.resolve('./fault-preload.ts'))
  return {
    ...stores.env,
    DYNAMODB_ENDPOINT: byName(dynamodb.url),
    S3_ENDPOINT: byName(s3.url),
    WORKER_CONCURRENCY: '1',
    PART_SIZE_MIB: '5', // the smallest, for more parts of fewer bytes
    FFMPEG_PATH: await pacedFfmpeg(stores.folder, PACE),
    HEARTBEAT_TIMEOUT_SECONDS: `${heartbeatTimeoutSeconds}`,
    NODE_OPTIONS: `--import=${preload}`,
    NAMES_FAIL_WHILE: flag,
  }
}

const byName = (url: string) => url.replace('127.0.0.1', 'localhost')

function lastRunner(members: readonly Member[], jobId: string): Member | undefined {
  const runs = members.flatMap((member) => member.leases(jobId).map((fence) => ({ member, fence })))
  return runs.sort((a, b) => b.fence - a.fence)[0]?.member
}

async function uploadSines(folder: string, api: Api, seconds: number): Promise<string> {
  const file = path.join(folder, `${seconds}.mp3`)
  await makeAudio(file, { seconds, flags: SOURCES.mp3 })
  return api.upload(`${seconds}.mp3`, await readFile(file))
}
