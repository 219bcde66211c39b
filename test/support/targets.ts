/** What ffprobe must say of each target. */
export const TARGETS: Record<string, { codec: string; container: RegExp; extension: string }> = {
  mp3: { codec: 'mp3', container: /^mp3$/, extension: 'mp3' },
  aac: { codec: 'aac', container: /m4a/, extension: 'm4a' },
  opus: { codec: 'opus', container: /^ogg$/, extension: 'opus' },
  vorbis: { codec: 'vorbis', container: /^ogg$/, extension: 'ogg' },
  flac: { codec: 'flac', container: /^flac$/, extension: 'flac' },
  wav: { codec: 'pcm_s16le', container: /^wav$/, extension: 'wav' },
  alac: { codec: 'alac', container: /m4a/, extension: 'm4a' },
  aiff: { codec: 'pcm_s16be', container: /^aiff$/, extension: 'aiff' },
  wavpack: { codec: 'wavpack', container: /^wv$/, extension: 'wv' },
  webm: { codec: 'opus', container: /webm/, extension: 'webm' },
  m4b: { codec: 'aac', container: /m4a/, extension: 'm4b' },
  ac3: { codec: 'ac3', container: /^ac3$/, extension: 'ac3' },
}

/** Formats that take a cover. */
export const COVERED = ['mp3', 'aac', 'alac', 'm4b', 'opus', 'vorbis', 'flac', 'aiff']
