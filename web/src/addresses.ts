import { access } from './access/index.ts'

export const jobPath = (jobId: string, rest = '') => `api/jobs/${encodeURIComponent(jobId)}${rest}`
export const uploadPath = (uploadId: string, rest = '') =>
  `api/uploads/${encodeURIComponent(uploadId)}${rest}`
export const jobIdsQuery = (jobIds: readonly string[]) =>
  jobIds.map((jobId) => `jobId=${encodeURIComponent(jobId)}`).join('&')

/** Where a sound of the server is: an upload, or what a job made. */
export type SoundPlace = { uploadId: string } | { jobId: string }
export const placePath = (place: SoundPlace, rest: string) =>
  'jobId' in place ? jobPath(place.jobId, rest) : uploadPath(place.uploadId, rest)

/** For what cannot send a key. Relative, so that it works below any path. */
export const addressOf = (path: string) => access.signed(`./${path}`)
export const resultUrl = (jobId: string) => addressOf(jobPath(jobId, '/result'))
export const sourceUrl = (uploadId: string) => addressOf(uploadPath(uploadId, '/source'))
/** `version`: of the cover that was sent; undefined: the embedded one. */
export const artworkUrl = (uploadId: string, version: string | undefined) =>
  addressOf(
    `${uploadPath(uploadId, '/artwork')}?${version === undefined ? 'embedded=true' : `version=${version}`}`,
  )
export const zipUrl = (jobIds: readonly string[]) => addressOf(`api/results.zip?${jobIdsQuery(jobIds)}`)
export const streamUrl = (jobIds: readonly string[]) =>
  addressOf(`api/progress/stream?${jobIdsQuery(jobIds)}`)
