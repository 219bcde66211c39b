import type { Conversion, Format, Picture, Probed } from '../ffmpeg/index.ts'
import type { Progress } from './job-progress.ts'
import type { LeasedJob } from './job.ts'

/** The sources of a job in its work folder. */
export type Fetched = {
  /** Names inside the folder. */
  files: string[]
  /** What each of them holds. */
  probed: Probed[]
  /** What they are as one. */
  whole: Probed
}

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
