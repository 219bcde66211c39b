/** Milliseconds as `m:ss.mmm` (`h:mm:ss.mmm` from an hour on), to the millisecond, so that nothing is lost by reading it. */
export function timeText(ms: number): string {
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor(ms / 60_000) % 60
  const seconds = `${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}.${String(ms % 1000).padStart(3, '0')}`
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`
}

/** Milliseconds of `83.5`, `1:23.5`, `1:01:23,5`; undefined for anything else. */
export function parseTime(text: string): number | undefined {
  const match = /^(?:(?:(\d+):)?([0-5]?\d):)?(\d+)(?:[.,](\d{1,3}))?$/.exec(text.trim())
  if (!match) return undefined
  const [, hours = '0', minutes, seconds = '0', fraction = '0'] = match
  if (minutes !== undefined && Number(seconds) >= 60) return undefined
  const whole = (Number(hours) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds)
  return whole * 1000 + Number(fraction.padEnd(3, '0'))
}
