import type { Conversion, Format } from '../ffmpeg/index.ts'
import type { Progress } from './job-progress.ts'
import type { Fetched } from './job-sources.ts'
import type { LeasedJob } from './job.ts'

/** What all steps of making one result work on. */
export type ConvertStep = {
  /** Absolute path of the private working folder; names are inside. */
  folder: string
  sources: Fetched
  format: Format
  output: string
  limits: Conversion['limits']
  progress: Progress
}

/** The job, and what breaks its work off. */
export type Running = { job: LeasedJob; signal: AbortSignal }
