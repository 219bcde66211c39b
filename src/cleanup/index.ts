/** Removes what has expired. */
export { cleanupRoutes, type CleanupRoutesParts } from './routes.ts'
export { Sweeper } from './sweeper.ts'
