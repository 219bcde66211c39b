/** Progress of running jobs: one page a process, written rarely, read by everybody. */
export { heartbeatTiming, type HeartbeatTiming } from './heartbeat-timing.ts'
export { OwnPage } from './own-page.ts'
export { type Page, type PageRequest, type Snapshot } from './page.ts'
export { ProgressRepository, progressTable } from './progress-repository.ts'
