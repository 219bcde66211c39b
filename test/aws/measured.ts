import type { Usage } from '../support/usage.ts'

/** What a run asked for as far as it was counted: that of so many test files. */
export type Measured = { usage: Usage; files: number; of: number; when: string }

/** The sum of two runs that were stopped, over 9 files of the browser suite and 18 of the other. */
export const MEASURED: Measured = {
  usage: {
    ...{ s3Writes: 2228, s3Reads: 822, bytesOut: 1_660_385_933, bytesIn: 1_446_994_245 },
    ...{ writeUnits: 4745, readUnits: 3389 },
  },
  files: 27,
  of: 81,
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
