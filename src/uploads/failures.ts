import type { ProblemCode } from '../contract/index.ts'
import { Failure } from '../kernel/failure.ts'
import type { RefusalCode } from './upload.ts'
import { formatPartRanges } from '../contract/part-ranges.ts'

export class EmptyFile extends Failure {
  readonly code = 'empty-file' satisfies ProblemCode
  constructor() {
    super('The file is empty. Choose a file that has something in it.')
  }
}

export class UploadTooLarge extends Failure {
  readonly code = 'upload-too-large' satisfies ProblemCode
  constructor(sizeBytes: number, limitBytes: number) {
    super(`The file has ${sizeBytes} bytes; at most ${limitBytes} are taken.`, { sizeBytes, limitBytes })
  }
}

export class InvalidName extends Failure {
  readonly code = 'invalid-name' satisfies ProblemCode
  constructor() {
    super('The file has no usable name.')
  }
}

export class UploadNotFound extends Failure {
  readonly code = 'upload-not-found' satisfies ProblemCode
  constructor(uploadId?: string) {
    super('There is no such upload.', { uploadId })
  }
}

export class UploadExpired extends Failure {
  readonly code = 'upload-expired' satisfies ProblemCode
  constructor(uploadId?: string) {
    super('This upload has expired. Please upload the file again.', { uploadId })
  }
}

export class UploadAborted extends Failure {
  readonly code = 'upload-aborted' satisfies ProblemCode
  constructor() {
    super('This upload was cancelled.')
  }
}

export class UploadNotReady extends Failure {
  readonly code = 'upload-not-ready' satisfies ProblemCode
  constructor(uploadId: string) {
    super('This upload is not complete yet.', { uploadId })
  }
}

/** The upload is not `open` any more, so it takes no parts. */
export class PartConflict extends Failure {
  readonly code = 'part-conflict' satisfies ProblemCode
}

export const otherBytes = (part: number) =>
  new PartConflict(`Part ${part} is stored already, with other bytes.`, { part })

export class PartOutOfRange extends Failure {
  readonly code = 'part-out-of-range' satisfies ProblemCode
  constructor(part: number, partCount: number) {
    super(`There is no part ${part}: this upload has parts 1 to ${partCount}.`, { part, partCount })
  }
}

export class PartSize extends Failure {
  readonly code = 'part-size' satisfies ProblemCode
  constructor(part: number, expectedBytes: number, gotBytes: number) {
    super(`Part ${part} must have exactly ${expectedBytes} bytes, not ${gotBytes}.`, {
      expectedBytes,
      gotBytes,
    })
  }
}

export class LengthRequired extends Failure {
  readonly code = 'length-required' satisfies ProblemCode
  constructor() {
    super('A part needs a Content-Length.')
  }
}

export class ChecksumMismatch extends Failure {
  readonly code = 'checksum-mismatch' satisfies ProblemCode
  constructor(expected: string, got: string) {
    super(`The bytes that arrived have the CRC-32 ${got}, not ${expected}. Send them again.`, {
      expected,
      got,
    })
  }
}

/** S3 is to verify every part of this upload, so it must be told the checksum beforehand. */
export class ChecksumRequired extends Failure {
  readonly code = 'checksum-required' satisfies ProblemCode
  constructor() {
    super('The parts of this upload come with a CRC-32: give one for each part.')
  }
}

export class PartStalled extends Failure {
  readonly code = 'part-stalled' satisfies ProblemCode
  constructor(what: string) {
    super(`${what} Send the part again.`)
  }
}

export class PartsMissing extends Failure {
  readonly code = 'parts-missing' satisfies ProblemCode
  constructor(parts: readonly number[]) {
    const missing = formatPartRanges(parts)
    super(`Parts are missing: ${missing}.`, { missing })
  }
}

/** The path names no upload, so the client has to say how large the file is. */
export class SizeRequired extends Failure {
  readonly code = 'size-required' satisfies ProblemCode
  constructor() {
    super(
      "The size of the file is missing: set it as `size` in the file's `meta`, or name an upload in the path.",
    )
  }
}

export class MultipartOnly extends Failure {
  readonly code = 'multipart-only' satisfies ProblemCode
  constructor() {
    super(
      'Files of every size are sent in parts here. Set `shouldUseMultipart: true` in the S3 plugin of Uppy.',
    )
  }
}

/** As many parts as this process takes at once are on their way. */
export class UploadBusy extends Failure {
  readonly code = 'upload-busy' satisfies ProblemCode
  constructor() {
    super('Too many parts are being sent at once. Send this one again in a moment.')
  }
}

/** Not audio, audio that is out of bounds, or not the bytes that were announced: the message says what was found. */
export class SourceRefused extends Failure {
  readonly code: RefusalCode
  constructor(code: RefusalCode, message: string) {
    super(message)
    this.code = code satisfies ProblemCode
  }
}
