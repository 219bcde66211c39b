import type { Change, JobOptions, JobRequest, JoinedSource, Media } from '../contract/index.ts'
import {
  changesBetween,
  checkOptions,
  expectedDuration,
  foretell,
  InvalidOption,
  joinedMedia,
  PRESETS,
  type Format,
} from '../ffmpeg/index.ts'
import { cleanFileName, InvalidName, type Session } from '../uploads/index.ts'
import { OptionRefused, TooLong, UnknownFormat, UnknownPreset } from './failures.ts'
import type { Job } from './job.ts'
import { resultNameFor } from './result-names.ts'

/** What is to be made. */
export type Wish = { format: Format; options: JobOptions }

/** Finished uploads, as they were claimed. */
export type Claimed = { session: Session; media: Media }

/** Ids of what a request wants converted; the contract has seen to it that there are some. */
export const uploadIdsOf = ({ uploadId, uploadIds }: JobRequest): string[] => uploadIds ?? [uploadId ?? '']

/** Reads what a request wants made. Throws UnknownFormat, UnknownPreset, OptionRefused. */
export function wishOf(request: JobRequest, formats: readonly Format[]): Wish {
  const { preset, options = {}, uploadIds } = request
  const chosen = preset === undefined ? undefined : PRESETS.find(({ id }) => id === preset)
  if (preset !== undefined && !chosen) throw new UnknownPreset(preset, PRESETS.map(idOf))
  const id = chosen?.format ?? request.format ?? ''
  const format = formats.find((one) => one.id === id)
  if (!format) throw new UnknownFormat(id, formats.map(idOf))
  if (uploadIds === undefined) refuseJoining(format, options)
  const wishes = { ...(uploadIds !== undefined && { crossfadeMs: 0 }), ...(chosen?.options ?? options) }
  return { format, options: refusing(() => checkOptions(format, wishes)) }
}

function refuseJoining({ options: known }: Format, options: object): void {
  const joining = Object.keys(options).find((name) => {
    const description = known[name]
    return description?.type === 'integer' && description.joinedOnly
  })
  if (joining !== undefined)
    throw new OptionRefused(joining, `Option "${joining}" is for several uploads that are joined.`)
}

/** What a job is told of its sources, and what will become of them. Throws OptionRefused, TooLong. */
export function sourceOf(
  claimed: readonly Claimed[],
  { format, options }: Wish,
  maxDurationMs: number,
): Pick<Job, 'source' | 'joined' | 'cover' | 'name' | 'changes'> {
  const [first] = claimed
  if (!first) throw new Error('A job has at least one source.')
  const media = claimed.length === 1 ? first.media : joinedOf(claimed, options)
  refuseOutside(options, media)
  refuseTooLong(options, media, maxDurationMs)
  const { uploadId, name, cover } = first.session
  const isCovered = options.artwork === 'uploaded'
  if (isCovered && !cover) throw new OptionRefused('artwork', NO_COVER)
  const size = claimed.reduce((sum, { session }) => sum + session.size, 0)
  return {
    source: { uploadId, name, size, media: { ...media, tags: bestKnown(media.tags) } },
    ...(isCovered && cover && { cover }),
    ...(claimed.length > 1 && { joined: claimed.map(joinedSourceOf) }),
    name: resultNameFor(wishedName(options, format) ?? name, format.extension),
    changes: foretoldChanges(format, options, media),
  }
}

const NO_COVER = 'Option "artwork" is "uploaded", and no cover was sent for the first upload.'

const foretoldChanges = (format: Format, options: JobOptions, media: Media): Change[] =>
  changesBetween(media, foretell(format, options, media))

function joinedOf(claimed: readonly Claimed[], { crossfadeMs = 0 }: JobOptions): Media {
  const tooShort = claimed.find(
    ({ media }) => media.durationMs !== null && media.durationMs < 2 * crossfadeMs,
  )
  if (tooShort)
    throw new OptionRefused(
      'crossfadeMs',
      `Option "crossfadeMs" must be at most half as long as each file; "${tooShort.session.name}" is shorter.`,
    )
  const files = claimed.map(({ session, media }) => ({ name: session.name, media }))
  return joinedMedia(files, crossfadeMs)
}

const joinedSourceOf = ({ session, media }: Claimed): JoinedSource => ({
  uploadId: session.uploadId,
  name: session.name,
  size: session.size,
  durationMs: media.durationMs,
})

function refuseOutside({ trim }: JobOptions, { durationMs }: Media): void {
  if (durationMs !== null && (trim?.startMs ?? 0) >= durationMs && trim !== undefined)
    throw new OptionRefused(
      'trim',
      `Option "trim" must start before the end of the audio, at ${durationMs} ms.`,
    )
}

/** FFmpeg would cut what is too long, after hours of work: joined files, and slow ones. */
function refuseTooLong(options: JobOptions, { durationMs }: Media, maxDurationMs: number): void {
  const resultMs = expectedDuration(options, durationMs)
  if (durationMs !== null && durationMs > maxDurationMs)
    throw new TooLong('What is to be converted', durationMs, maxDurationMs)
  if (resultMs !== null && resultMs > maxDurationMs)
    throw new TooLong('The result at this speed', resultMs, maxDurationMs)
}

/** A wished name has no extension yet: what looks like one is a part of it. */
function wishedName({ name }: JobOptions, { extension }: Format): string | undefined {
  try {
    return name === undefined ? undefined : `${cleanFileName(name)}.${extension}`
  } catch (error) {
    throw error instanceof InvalidName ? new OptionRefused('name', 'Option "name" is no file name.') : error
  }
}

function refusing<Result>(check: () => Result): Result {
  try {
    return check()
  } catch (error) {
    throw error instanceof InvalidOption ? new OptionRefused(error.option, error.message) : error
  }
}

const idOf = ({ id }: { id: string }) => id

/** A job's row stays under a kilobyte, so it keeps the tags that people know a track by; the upload keeps the rest. */
const KNOWN_TAGS = ['title', 'artist', 'album', 'date', 'track']
const LONGEST_KNOWN_TAG = 80

const bestKnown = (tags: Record<string, string>) =>
  Object.fromEntries(
    KNOWN_TAGS.flatMap((name) => {
      const value = tags[name]
      return value === undefined ? [] : [[name, value.slice(0, LONGEST_KNOWN_TAG)]]
    }),
  )
