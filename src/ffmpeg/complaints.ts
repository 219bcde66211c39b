/**
 * Errors by their level that are none, each with the line that counts it. The FLAC encoder has no code for some layouts,
 * and its muxer writes them as a mask, which decoders read. Of a chained Ogg file the reader looks at the last link first,
 * for the length; later it reads every link.
 */
const HARMLESS =
  /^\[(?:flac @ 0x[0-9a-f]+\] Channel layout not supported by Flac,.*|(?:ogg|in#\d+) @ 0x[0-9a-f]+\] failed to create or replace stream)(?:\n|$)(?: +Last message repeated \d+ times(?:\n|$))?/gm

/** What FFmpeg said, without what says nothing of the sound. */
export const complaintsIn = (stderr: string): string => stderr.replace(HARMLESS, '')
