const { FFMPEG_PATH = 'ffmpeg', FFPROBE_PATH = 'ffprobe' } = process.env

/**
 * FFmpeg and ffprobe of all tests: an installation has only one of each, so the program under test runs the same ones as
 * those that make its sources and decode its results. `npm run test:ffmpeg` sets the variables for another version.
 */
export const FFMPEG = FFMPEG_PATH
export const FFPROBE = FFPROBE_PATH

/** The same as settings of a program. */
export const FFMPEG_SETTINGS = { FFMPEG_PATH, FFPROBE_PATH } as const
