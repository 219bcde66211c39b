/** Takes files in: sessions, verified parts, limits, and where the bytes lie. */
export type { Inspect } from './complete-upload.ts'
export { SourceRefused, UploadNotFound } from './failures.ts'
export { SMALLEST_PART_BYTES } from './geometry.ts'
export { MOST_IN_FLIGHT_PER_UPLOAD } from './part-intake.ts'
export { uploadRoutes } from './routes.ts'
export { SourceStore } from './source-store.ts'
export { UploadRepository, uploadsTable } from './upload-repository.ts'
export { Uploads } from './uploads.ts'
