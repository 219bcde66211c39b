import { GiB, MiB } from '../kernel/units.ts'

/**
 * The only demuxers FFmpeg may open. Without this list an HLS or ffconcat text named `.mp3` makes it read other local
 * files and call URLs. Video containers are here since their audio stream is taken.
 */
const DEMUXERS =
  'wav,w64,aiff,caf,au,mp3,aac,mov,ogg,flac,wv,ape,tta,tak,mpc,mpc8,ac3,eac3,dts,dtshd,truehd,amr,amrnb,amrwb,asf,' +
  'matroska,avi,flv'

/** No single allocation above this: a broken header can ask for gigabytes. */
const LARGEST_ALLOCATION_BYTES = 256 * MiB

/** What must stand before `-i`, for ffprobe and ffmpeg alike. */
export const HARDENED_INPUT = [
  '-max_alloc',
  `${LARGEST_ALLOCATION_BYTES}`,
  '-protocol_whitelist',
  'file,pipe',
  '-format_whitelist',
  DEMUXERS,
] as const

/** More than any cover has; to decode so many takes 180 MB (measured, of 32 bits each). */
const MOST_PIXELS = 40_000_000

/** What stands before `-i` as well where a picture is decoded: small files can hold huge ones. */
export const PICTURE_LIMITS = ['-max_pixels', `${MOST_PIXELS}`, '-threads', '1'] as const

/** For a picture that stands alone, whose kind is known: read as it is, whatever its bytes look like. */
export const PICTURE_INPUT = [
  ...[
    '-max_alloc',
    `${LARGEST_ALLOCATION_BYTES}`,
    '-protocol_whitelist',
    'file',
    '-format_whitelist',
    'image2',
  ],
  ...[...PICTURE_LIMITS, '-f', 'image2', '-pattern_type', 'none'],
] as const

/** The same for a metadata file, which is ours: a demuxer that no upload may ask for. */
export const METADATA_INPUT = ['-protocol_whitelist', 'file', '-f', 'ffmetadata'] as const

/** FFmpeg sees no credentials and no setting of ours; the search path is where its own libraries may look. */
export const BARE_ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8' } as const

/** Limits the kernel enforces on one child (prlimit, util-linux), beyond FFmpeg's own `-t` and `-fs`. */
const RESOURCE_LIMITS = {
  addressSpaceBytes: 4 * GiB,
  cpuSeconds: 12 * 60 * 60,
  openFiles: 256,
  /** S3 takes no larger object, so nothing larger could be stored; `-fs` knows how much the disk takes. */
  fileBytes: 5 * 1024 * GiB,
}

/** Which of the small tools around a command this machine has. */
export type Wrappers = { setpriv: boolean; nice: boolean; prlimit: boolean }

/**
 * The command with a lower priority and kernel limits around it, as far as the machine has the tools. setpriv makes
 * the kernel kill it when this process dies, even by `kill -9`: nobody would want its output any more.
 */
export function wrap(command: readonly string[], { setpriv, nice, prlimit }: Wrappers): string[] {
  const { addressSpaceBytes, cpuSeconds, openFiles, fileBytes } = RESOURCE_LIMITS
  const limits = [
    `--as=${addressSpaceBytes}`,
    `--cpu=${cpuSeconds}`,
    `--nofile=${openFiles}`,
    `--fsize=${fileBytes}`,
    '--core=0',
    '--',
  ]
  return [
    ...(setpriv ? ['setpriv', '--pdeathsig', 'KILL', '--'] : []),
    ...(nice ? ['nice', '-n', '5'] : []),
    ...(prlimit ? ['prlimit', ...limits] : []),
    ...command,
  ]
}
