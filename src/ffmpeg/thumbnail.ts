/** Longer side of a thumbnail, in pixels. */
const LONGEST_PX = 512
const shrunk = (side: string) => `'max(1,round(${side}*min(1,${LONGEST_PX}/max(iw,ih))))'`
const FITTED = `scale=w=${shrunk('iw')}:h=${shrunk('ih')}`

/**
 * Output arguments that make a small JPEG of a picture stream of the first input: never enlarged, and with nothing in it
 * that was in the picture's file but what is seen.
 */
export const thumbnailArguments = (stream: number, output: string): string[] => [
  ...['-map', `0:${stream}`, '-frames:v', '1', '-vf', `${FITTED},format=yuvj420p`],
  ...['-map_metadata', '-1', '-flags:v', '+bitexact', '-threads', '1', '-filter_threads', '1'],
  ...['-c:v', 'mjpeg', '-q:v', '3', '-f', 'mjpeg', '-y', `file:${output}`],
]
