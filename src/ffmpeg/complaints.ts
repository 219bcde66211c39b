/** Errors by their level that are none. */
const HARMLESS = [
  // The encoder has no code for some layouts, and its muxer writes them as a mask, which decoders read.
  /^\[flac @ 0x[0-9a-f]+\] Channel layout not supported by Flac,/,
  // Of a chained file the reader looks at the last link first, for the length; later it reads every link.
  /^\[ogg @ 0x[0-9a-f]+\] failed to create or replace stream$/,
]

/** What FFmpeg said, without what says nothing of the sound. */
export const complaintsIn = (stderr: string): string =>
  stderr
    .split('\n')
    .filter((line) => !HARMLESS.some((harmless) => harmless.test(line)))
    .join('\n')
