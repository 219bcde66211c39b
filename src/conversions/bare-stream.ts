import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { Tools } from '../ffmpeg/index.ts'
import type { ConvertStep, Running } from './convert-step.ts'
import { refuseUnconvertible, runToEnd } from './media-runs.ts'

const FILE = 'bare-stream'

/**
 * The step on a copy of its only source's audio without a container, made by a muxer of FFmpeg. The source itself comes
 * after it, for its cover. Throws ConversionRefused or DiskFull.
 */
export async function asBareStream(
  tools: Tools,
  { signal }: Pick<Running, 'signal'>,
  step: ConvertStep,
  muxer: string,
): Promise<ConvertStep> {
  const { folder, limits } = step
  const { files, probed, whole } = step.sources
  const output = ['-map', '0:a:0', '-c', 'copy', '-f', muxer, '-y', `file:${FILE}`]
  await runToEnd(tools, { folder, sources: files, output, signal }).catch(refuseUnconvertible)
  const { size } = await stat(path.join(folder, FILE))
  const audio = probed.map((source) => ({ ...source, cover: undefined }))
  return {
    ...step,
    sources: { files: [FILE, ...files], probed: [...audio, ...probed], whole },
    limits: { ...limits, bytes: limits.bytes - size },
  }
}
