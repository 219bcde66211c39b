/**
 * Errors by their level that are none: the FLAC encoder has no code for some layouts and says so, and its muxer writes
 * them as a mask, which decoders read.
 */
const HARMLESS = [/^\[flac @ 0x[0-9a-f]+\] Channel layout not supported by Flac,/]

/** What FFmpeg said, without what says nothing of the sound. */
export const complaintsIn = (stderr: string): string =>
  stderr
    .split('\n')
    .filter((line) => !HARMLESS.some((harmless) => harmless.test(line)))
    .join('\n')
