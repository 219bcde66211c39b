/** A line of the program's log: fields it must have, as they are. */
export type LogLine = Record<string, string>

/** Metrics that are read from the log: the line, and the field that is the value (none: lines are counted). */
export const LOG_METRICS = {
  Queued: { line: { msg: 'queue' }, field: 'queued' },
  OldestQueuedMs: { line: { msg: 'queue' }, field: 'oldestQueuedMs' },
  FailedJobs: { line: { msg: 'conversion ended', state: 'failed' }, field: undefined },
} as const satisfies Record<string, { line: LogLine; field: string | undefined }>

/** pino's number of the level `error`: nobody else handles what is logged so. */
export const ERROR_LEVEL = 50
