import type { StoreClients } from '../aws/index.ts'
import type { Config } from '../config/index.ts'
import type { Conversions, JobRepository, Worker, WorkFolders } from '../conversions/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { OwnPage, ProgressRepository } from '../progress/index.ts'
import type { Uploads } from '../uploads/index.ts'
import { Later } from './check.ts'
import type { RowsRepository } from './rows-repository.ts'
import { Traces } from './traces.ts'

/** The media tools as they were found: FFmpeg's version, and names of formats by whether it can make them. */
export type FoundTools = { version: string; makes: readonly string[]; lacks: readonly string[] }

/** What a conversion needs, as the service has it. */
export type Features = {
  uploads: Pick<Uploads, 'create' | 'targets' | 'receivePart' | 'complete' | 'remove'>
  conversions: Pick<Conversions, 'request' | 'cancel' | 'findResult' | 'openResult' | 'remove'>
  jobs: Pick<JobRepository, 'find'>
  pages: Pick<ProgressRepository, 'read'>
  page: Pick<OwnPage, 'run'>
  worker: Pick<Worker, 'offer' | 'stop'>
  workerId: string
  folders: Pick<WorkFolders, 'close'>
  formats: readonly { id: string }[]
}

export type DoctorParts = {
  /** The configuration; throws where the environment has mistakes. */
  configure: () => Config
  /** Looks for the media tools; throws with what to do where they are missing. */
  findTools: (config: Config) => Promise<FoundTools>
  /** Connects to the stores and makes nothing in them; undefined: embedded ones that were never started. */
  connect: (config: Config) => Promise<StoreClients | undefined>
  /**
   * The features on those stores and with the tools that were found. Queued jobs must wait to be offered. `shutdown` stops
   * what is being done for a request.
   */
  wire: (config: Config, stores: StoreClients, shutdown: AbortSignal) => Features
  clock: Clock
  /** Node's version, as in `v24.1.0`. */
  nodeVersion: string
  /** Texts that must not be printed, wherever they come from. */
  secrets: readonly string[]
  /** How long a worker of the installation is waited for, in milliseconds, before the doctor runs its job itself. */
  waitForWorkersMs: number
  /** Whether to wait until DynamoDB deletes a row: at most so long, looking so often, in milliseconds. */
  live?: { timeoutMs: number; pollMs: number } | undefined
}

/** The installation that is looked at: what checks found out for each other, and what they have to take away. */
export function createPatient(parts: DoctorParts) {
  return {
    ...parts,
    config: new Later<Config>(),
    tools: new Later<FoundTools>(),
    stores: new Later<StoreClients>(),
    rows: new Later<RowsRepository>(),
    folders: new Later<WorkFolders>(),
    /** By how many milliseconds our clock is ahead of each store's; undefined where it did not say. */
    ahead: new Later<{ state: () => number | undefined; objects: () => number | undefined }>(),
    traces: new Traces(),
  }
}
export type Patient = ReturnType<typeof createPatient>
