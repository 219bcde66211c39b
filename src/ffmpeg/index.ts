/** FFmpeg and ffprobe: what they can make, and the only place that runs them. */
export { checkOptions, InvalidOption } from './check-options.ts'
export { ToolFailed } from './child.ts'
export { FORMATS, PRESETS, type Format, type Options, type Preset } from './formats.ts'
export { outputArguments } from './output-arguments.ts'
export { NotAudio, probe, type Probed } from './probe.ts'
export type { FfmpegProgress } from './progress-lines.ts'
export { FfmpegStalled, runFfmpeg } from './run-ffmpeg.ts'
export { findTools, ToolsMissing, type Tools } from './tools.ts'
