import type { Usage } from '../support/usage.ts'

/** What a run asked for as far as it was counted: that of so many test files. */
export type Measured = { usage: Usage; files: number; of: number; when: string }

/** `npm run test:aws -- --stand-ins` prints these numbers at its end. */
export const MEASURED: Measured = {
  usage: { s3Writes: 0, s3Reads: 0, bytesOut: 0, bytesIn: 0, writeUnits: 0, readUnits: 0 },
  files: 0,
  of: 0,
  when: '26 November 2026',
}

/** All files are taken to be like those that were counted. */
export function wholeOf({ usage, files, of }: Measured): Usage {
  const whole = (count: number) => Math.ceil((count / files) * of)
  return {
    ...{ s3Writes: whole(usage.s3Writes), s3Reads: whole(usage.s3Reads) },
    ...{ bytesOut: whole(usage.bytesOut), bytesIn: whole(usage.bytesIn) },
    ...{ writeUnits: whole(usage.writeUnits), readUnits: whole(usage.readUnits) },
  }
}
