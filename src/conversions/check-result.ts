import { stat } from 'node:fs/promises'
import path from 'node:path'
import { NotAudio, paddingMs, probe, uncountedMs, type Probed, type Tools } from '../ffmpeg/index.ts'
import { ConversionRefused } from './job-errors.ts'
import { quoted, warningsOf } from './result-warnings.ts'

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
  const { durationMs } = found
  const warnings = warningsOf({ durationMs, expectedMs, untoldMs, stderr })
  return { sizeBytes, durationMs, found, warnings }
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
