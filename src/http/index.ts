/** The door: assembles the features' routes into one HTTP app. */
export { createApp } from './app.ts'
export type { Backlog } from './backlog-metrics.ts'
export { ShuttingDown } from './draining.ts'
export { createMetrics, type Metrics } from './metrics.ts'
export type { PageOrigins } from './security-headers.ts'
