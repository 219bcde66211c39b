/** A result whose length differs by more than both of these, and padding, has lost or gained something. */
const TOLERANCE = { share: 0.01, ms: 50 }

/** A result as it was made. Milliseconds; `expectedMs` is null where the source did not tell its length. */
export type MadeResult = {
  durationMs: number
  expectedMs: number | null
  /** By how much the told lengths of source and result may be wrong. */
  untoldMs: number
  /** What FFmpeg complained of. */
  stderr: string
}

/** What people should know of a result that is not all it should be; empty when it is. */
export const warningsOf = (made: MadeResult): string[] =>
  [lengthWarning(made), sourceWarning(made)].filter((one) => one !== '')

function lengthWarning({ durationMs, expectedMs, untoldMs }: MadeResult): string {
  if (expectedMs === null) return ''
  const tolerance = Math.max(TOLERANCE.ms, expectedMs * TOLERANCE.share) + untoldMs
  if (Math.abs(durationMs - expectedMs) <= tolerance) return ''
  return `The result lasts ${seconds(durationMs)} s; by what the source announced it should last ${seconds(expectedMs)} s.`
}

const sourceWarning = ({ stderr }: MadeResult) =>
  stderr.trim() === '' ? '' : `The source is damaged in places${quoted(stderr)}.`

const seconds = (ms: number) => (ms / 1000).toFixed(2)

/** FFmpeg's last line that says something, without the address in memory it puts in front. */
export function quoted(stderr: string): string {
  const lines = stderr.trim().split('\n')
  const line = lines.findLast((one) => !one.includes('Last message repeated')) ?? ''
  const sentence = line.replace(/^\[[^\]]*\]\s*/, '').slice(0, 200)
  return sentence === '' ? '' : ` (FFmpeg: ${sentence})`
}
