import type { Conversion, Format, Picture, ProbedSource } from '../ffmpeg/index.ts'
import type { Progress } from './job-progress.ts'
import type { LeasedJob } from './job.ts'

/** The sources of a job in its work folder, and what they are as one. */
export type Fetched = ProbedSource

/** What all steps of making one result work on. */
export type ConvertStep = {
  /** Absolute path of the private working folder; names are inside. */
  folder: string
  sources: Fetched
  /** The cover to be, if it is not one of a source. */
  ownCover?: Picture | undefined
  format: Format
  output: string
  limits: Conversion['limits']
  progress: Progress
}

/** The job, and what breaks its work off. */
export type Running = { job: LeasedJob; signal: AbortSignal }
