/** How far FFmpeg is. `processedMs` of audio written so far; `speed` in times real time, null where unknown. */
export type FfmpegProgress = { processedMs: number; speed: number | null }

/**
 * Reads `-progress` output: blocks of `key=value` lines, each ended by a `progress=` line. Values that FFmpeg does not
 * know yet come as `N/A`, zero or negative and count as 0. `progress=end` also comes when it failed, so it means nothing.
 */
export async function* parseProgress(text: AsyncIterable<Buffer | string>): AsyncGenerator<FfmpegProgress> {
  let rest = ''
  let block = new Map<string, string>()
  for await (const chunk of text) {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const at = line.indexOf('=')
      if (at > 0) block.set(line.slice(0, at).trim(), line.slice(at + 1).trim())
      if (!line.startsWith('progress=')) continue
      yield toProgress(block)
      block = new Map()
    }
  }
}

function toProgress(block: ReadonlyMap<string, string>): FfmpegProgress {
  // `out_time_ms` is in microseconds too, in spite of its name (FFmpeg ticket 7345): read the honest one.
  const microseconds = Number(block.get('out_time_us'))
  const speed = Number.parseFloat(block.get('speed') ?? '')
  return {
    processedMs: microseconds > 0 ? Math.round(microseconds / 1000) : 0,
    speed: speed > 0 ? speed : null,
  }
}
