/** Removes what has expired. */
export { Sweeper, type SweepReport } from './sweeper.ts'
