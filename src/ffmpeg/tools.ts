import type { Meter } from '../kernel/meter.ts'
import { runTool } from './child.ts'
import { wrap, type Wrappers } from './command.ts'

/** The media tools of this machine, checked once at start. */
export type Tools = {
  ffmpeg: string
  ffprobe: string
  /** FFmpeg's version as it names itself, e.g. `5.1.9-0+deb12u1`. */
  version: string
  encoders: ReadonlySet<string>
  /** Whether this build has the soxr resampler; plain swr is used where not. */
  soxr: boolean
  wrappers: Wrappers
  /** Told of every run of FFmpeg that ended. */
  onFfmpegEnd?: Meter['ffmpegEnded']
}

/** FFmpeg is missing, too old or unusable. The message says what to do. */
export class ToolsMissing extends Error {}

/** First version with every option the program uses. */
const OLDEST = { major: 5, minor: 1 }

/** Looks for FFmpeg and ffprobe and learns what they can do. Throws {@link ToolsMissing}. */
export async function findTools(paths: { ffmpeg: string; ffprobe: string }): Promise<Tools> {
  // All at once: each takes some 60 ms, and the program starts no earlier than the last one has answered.
  const [banner, listed, wrappers] = await Promise.all([
    say(paths.ffmpeg, 'FFMPEG_PATH', ['-version']),
    say(paths.ffmpeg, 'FFMPEG_PATH', ['-hide_banner', '-encoders']),
    findWrappers(),
    say(paths.ffprobe, 'FFPROBE_PATH', ['-version']),
  ])
  const version = /^ffmpeg version (\S+)/.exec(banner)?.[1] ?? 'unknown'
  if (isTooOld(version))
    throw new ToolsMissing(`FFmpeg ${version} is too old: install ${OLDEST.major}.${OLDEST.minor} or newer.`)
  return {
    ...paths,
    version,
    encoders: new Set([...listed.matchAll(/^ A[.A-Z]{5} (\S+)/gm)].map(([, name = '']) => name)),
    soxr: banner.includes('--enable-libsoxr'),
    wrappers,
  }
}

async function findWrappers(): Promise<Wrappers> {
  const [setpriv, nice, prlimit] = await Promise.all([
    has(['setpriv', '--pdeathsig', 'KILL', '--', 'true']),
    has(['nice', 'true']),
    // With all its limits: whoever has lower ones may not raise them.
    has(wrap(['true'], { setpriv: false, nice: false, prlimit: true })),
  ])
  return { setpriv, nice, prlimit }
}

async function say(tool: string, variable: string, args: string[]): Promise<string> {
  try {
    return (await runTool([tool, ...args], '/')).stdout
  } catch (cause) {
    const advice = `Install FFmpeg (on Debian: apt-get install ffmpeg) or set ${variable} to where it is.`
    throw new ToolsMissing(`${tool} does not run. ${advice}`, { cause })
  }
}

/** Builds from git call themselves `N-12345-gabc`: those are taken as new enough. */
function isTooOld(version: string): boolean {
  const [, major, minor = '0'] = /^n?(\d+)\.(\d+)/.exec(version) ?? []
  if (major === undefined) return false
  return Number(major) < OLDEST.major || (Number(major) === OLDEST.major && Number(minor) < OLDEST.minor)
}

const has = (command: string[]) =>
  runTool(command, '/').then(
    () => true,
    () => false,
  )
