/** The door: assembles the features' routes into one HTTP app. */
export { createApp } from './app.ts'
export { createMetrics } from './metrics.ts'
export type { PageOrigins } from './page.ts'
