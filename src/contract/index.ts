/** The shapes of the wire: what the API takes and answers. The page and the server are both written against them. */
export * from './formats.ts'
export * from './health.ts'
export * from './idempotency.ts'
export * from './jobs.ts'
export * from './media.ts'
export * from './part-ranges.ts'
export * from './problem.ts'
export * from './uploads.ts'
