import { parsePartRanges } from '../contract/part-ranges.ts'
import type { UploadView } from '../contract/uploads.ts'
import type { UploadsApi } from './api.ts'
import { UploadFailed } from './failure.ts'
import { createLedger, type Ledger } from './ledger.ts'
import type { UploadOptions, UploadSource } from './options.ts'
import { readPart } from './part-bytes.ts'
import type { Timing } from './timing.ts'

/** An upload the server knows. It lives through pauses. */
export type Session = {
  readonly upload: UploadView
  readonly ledger: Ledger
  /** Whether the server takes parts. */
  open: boolean
  /** A part stored earlier, as yet not compared with the file. */
  unproven: number | undefined
}

type SessionOptions = Pick<UploadOptions, 'resumeId' | 'on'> & { timing: Timing; key: string }

/** Begins an upload, or takes up the one with `resumeId`. The same `key` makes the same upload. */
export async function openSession(
  file: UploadSource,
  api: UploadsApi,
  { resumeId, on, timing, key }: SessionOptions,
): Promise<Session> {
  const { name, size, type } = file
  const upload =
    resumeId === undefined
      ? await api.create({ name, size, ...(type && { type }) }, key)
      : await api.view(resumeId)
  const { received, state } = upload
  if (upload.size !== size) throw fileChanged()
  if (state === 'expired' || state === 'aborted')
    throw new UploadFailed(`upload-${state}`, `The upload is ${state}`)
  const ledger = createLedger(upload, timing, on?.progress)
  ledger.received(received)
  const [unproven] = parsePartRanges(received)
  return { upload, ledger, open: state === 'open', unproven }
}

/** Compares one stored part with the file; the server refuses a checksum that is not the stored one's. */
export async function proveSame(file: Blob, session: Session, api: UploadsApi): Promise<void> {
  const { ledger, unproven: part, upload } = session
  if (part === undefined) return
  const { crc32 } = await readPart(file, ...ledger.bounds(part))
  await api.targets(upload.id, { want: [{ part, crc32 }] })
  session.unproven = undefined
}

export const fileChanged = () => new UploadFailed('file-changed', 'The file has changed')
