import { stat } from 'node:fs/promises'
import path from 'node:path'
import { NotAudio, paddingMs, probe, uncountedMs, type Probed, type Tools } from '../ffmpeg/index.ts'
import { ConversionRefused } from './job-errors.ts'

/** A result whose length differs by more than both of these, and padding, has lost or gained something. */
const TOLERANCE = { share: 0.01, ms: 50 }

/** A result that has sound in it. */
export type Checked = { sizeBytes: number; durationMs: number; found: Probed; warnings: string[] }

/**
 * Looks at what FFmpeg made, since its exit code 0 proves nothing: there is a file, ffprobe reads it, and its length
 * is what was expected. Throws ConversionRefused when there is no audio in it.
 */
export async function checkResult(
  tools: Tools,
  { folder, file, source, expectedMs, stderr }: CheckedFile,
  signal: AbortSignal,
): Promise<Checked> {
  const { size: sizeBytes } = await stat(path.join(folder, file)).catch(() => ({ size: 0 }))
  if (sizeBytes === 0) throw nothingMade(stderr)
  const found = await probe(tools, folder, file, signal).catch((error: unknown) => {
    throw error instanceof NotAudio ? nothingMade(stderr) : error
  })
  if (!found.durationMs) throw nothingMade(stderr)
  const untoldMs = paddingMs(source) + paddingMs(found) + uncountedMs(source)
  const warnings = [lengthWarning(found.durationMs, expectedMs, untoldMs), sourceWarning(stderr)]
  return {
    sizeBytes,
    durationMs: found.durationMs,
    found,
    warnings: warnings.filter((one) => one !== ''),
  }
}

export type CheckedFile = {
  folder: string
  file: string
  source: Pick<Probed, 'codec' | 'sampleRateHz'>
  /** Milliseconds the result should last; null where the source did not tell. */
  expectedMs: number | null
  stderr: string
}

const nothingMade = (stderr: string) =>
  new ConversionRefused('conversion-failed', `No audio could be made of this file${quoted(stderr)}.`, {
    log: stderr,
  })

function lengthWarning(actualMs: number, expectedMs: number | null, untoldMs: number): string {
  if (expectedMs === null) return ''
  const tolerance = Math.max(TOLERANCE.ms, expectedMs * TOLERANCE.share) + untoldMs
  if (Math.abs(actualMs - expectedMs) <= tolerance) return ''
  return `The result lasts ${seconds(actualMs)} s; by what the source announced it should last ${seconds(expectedMs)} s.`
}

const sourceWarning = (stderr: string) =>
  stderr.trim() === '' ? '' : `The source is damaged in places${quoted(stderr)}.`

const seconds = (ms: number) => (ms / 1000).toFixed(2)

/** FFmpeg's last line that says something, without the address in memory it puts in front. */
export function quoted(stderr: string): string {
  const lines = stderr.trim().split('\n')
  const line = lines.findLast((one) => !one.includes('Last message repeated')) ?? ''
  const sentence = line.replace(/^\[[^\]]*\]\s*/, '').slice(0, 200)
  return sentence === '' ? '' : ` (FFmpeg: ${sentence})`
}
