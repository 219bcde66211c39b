/** The upload client: page, command line and other programs share it. Knows the contract and nothing else of ours. */
export { UploadFailed, type UploadFailureCode } from './failure.ts'
export type { UploadProgress } from './ledger.ts'
export {
  createUploadMemory,
  type BegunUpload,
  type Databases,
  type FileHandle,
  type UploadMemory,
} from './memory.ts'
export type { UploadedFile, UploadEvents, UploadOptions, UploadSource, UploadStep } from './options.ts'
export type { Timing } from './timing.ts'
export { fetchTransport, type PartRequest, type Transport } from './transport.ts'
export { randomKey, startUpload, type Upload } from './upload.ts'
export { xhrTransport } from './xhr-transport.ts'
