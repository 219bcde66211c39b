export const jobPath = (jobId: string, rest = '') => `api/jobs/${encodeURIComponent(jobId)}${rest}`
export const uploadPath = (uploadId: string, rest = '') =>
  `api/uploads/${encodeURIComponent(uploadId)}${rest}`
export const jobIdsQuery = (jobIds: readonly string[]) =>
  jobIds.map((jobId) => `jobId=${encodeURIComponent(jobId)}`).join('&')

/** Where a sound of the server is: an upload, or what a job made. */
export type SoundPlace = { uploadId: string } | { jobId: string }
export const placePath = (place: SoundPlace, rest: string) =>
  'jobId' in place ? jobPath(place.jobId, rest) : uploadPath(place.uploadId, rest)

// Relative, so that they work below any path.
export const resultUrl = (jobId: string) => `./${jobPath(jobId, '/result')}`
export const sourceUrl = (uploadId: string) => `./${uploadPath(uploadId, '/source')}`
/** `version`: of the cover that was sent; undefined: the embedded one. */
export const artworkUrl = (uploadId: string, version: string | undefined) =>
  `./${uploadPath(uploadId, '/artwork')}?${version === undefined ? 'embedded=true' : `version=${version}`}`
export const zipUrl = (jobIds: readonly string[]) => `./api/results.zip?${jobIdsQuery(jobIds)}`
export const streamUrl = (jobIds: readonly string[]) => `./api/progress/stream?${jobIdsQuery(jobIds)}`
