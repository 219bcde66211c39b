/** Progress of running jobs: one page a process, written rarely, read by everybody. */
export { OwnPage } from './own-page.ts'
export { type Page, type PageRequest, type Snapshot } from './page.ts'
export { ProgressRepository, progressTable } from './progress-repository.ts'
