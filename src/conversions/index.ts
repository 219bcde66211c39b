/** Jobs: taking them in, running them, and the results. */
export { Conversions } from './conversions.ts'
export { createInspector } from './inspect.ts'
export { JobRepository, jobsTable } from './job-repository.ts'
export { ResultStore } from './result-store.ts'
export { conversionRoutes, type ConversionRoutesParts } from './routes.ts'
export { Takeover } from './takeover.ts'
export { WorkFolders } from './work-folder.ts'
export { Worker } from './worker.ts'
