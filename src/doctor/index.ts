/** Looks whether an installation works: configuration, tools, stores, and a conversion on its whole way. */
export type { CheckResult } from './check.ts'
export { diagnose } from './doctor.ts'
export { explain } from './explain.ts'
export type { DoctorParts } from './patient.ts'
export { isWell, rowOf, summaryOf } from './report.ts'
