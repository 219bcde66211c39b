import { serverRoot } from './api.ts'

const KEY = `tapedeck begun ${serverRoot}`
const KEPT_AT_MOST = 100

/** Pairs of a file's fingerprint and the id of its upload, oldest first. */
type Begun = [fingerprint: string, uploadId: string][]

const fingerprintOf = ({ name, size, lastModified }: File) => JSON.stringify([name, size, lastModified])

/**
 * Uploads that are not complete, by the file they are of: one that is added again, after a reload or the next day,
 * goes on where it stopped. Without storage nothing is remembered, and nothing breaks.
 */
export const begunUploads = {
  find: (file: File) => read().find(([fingerprint]) => fingerprint === fingerprintOf(file))?.[1],
  remember: (file: File, uploadId: string) => write([...others(file), [fingerprintOf(file), uploadId]]),
  forget: (file: File) => write(others(file)),
}

const others = (file: File): Begun => read().filter(([fingerprint]) => fingerprint !== fingerprintOf(file))

function read(): Begun {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '[]') as Begun
  } catch {
    return []
  }
}

function write(begun: Begun): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(begun.slice(-KEPT_AT_MOST)))
  } catch {
    // Full, or kept from this page: the upload goes on all the same.
  }
}
