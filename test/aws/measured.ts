import type { Usage } from '../support/usage.ts'

/** Of the last run that was counted: `npm run test:aws -- --stand-ins` prints these numbers at its end. */
export const MEASURED: Usage = {
  s3Writes: 0,
  s3Reads: 0,
  bytesOut: 0,
  bytesIn: 0,
  writeUnits: 0,
  readUnits: 0,
}
export const MEASURED_WHERE = 'counted by stand-ins'
