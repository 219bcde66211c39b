import { HOUR_MS } from '../kernel/units.ts'

/** A length as people say it: to a tenth of an hour, and shorter ones to two digits. */
export const hours = (ms: number): string => {
  const exact = ms / HOUR_MS
  return `${Number(exact >= 0.1 ? exact.toFixed(1) : exact.toPrecision(2))}`
}
