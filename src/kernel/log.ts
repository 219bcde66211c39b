type Write = (fields: Record<string, unknown>, sentence: string) => void

/** Structured log: fields first, sentence second; one line a state change. pino's loggers fit as they are. */
export type Log = { debug: Write; info: Write; warn: Write; error: Write }

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
