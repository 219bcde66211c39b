import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'

/**
 * Makes an FFmpeg in `folder` that reads no faster than `pace` times real time, and gives its path, for FFMPEG_PATH. With
 * it a conversion takes as long as its test needs on any machine, and leaves the processors to the other tests.
 */
export async function makePacedFfmpeg(folder: string, pace: number): Promise<string> {
  const file = path.join(folder, `ffmpeg-paced-${pace}`)
  await writeFile(file, pacedFfmpeg(pace))
  await chmod(file, 0o755)
  return file
}

const pacedFfmpeg = (pace: number) => `#!/bin/sh
for arg do
  shift
  if [ "$arg" = -i ]; then set -- "$@" -readrate ${pace}; fi
  set -- "$@" "$arg"
done
exec ffmpeg "$@"
`
