import { describe, expect, test } from 'vitest'
import type { JobOptions } from '../contract/index.ts'
import { newMedia } from '../../test/support/uploads.ts'
import { filterChain, measuredChain, type FilterParts } from './filters.ts'
import { FORMATS } from './formats.ts'
import { planConversion } from './plan.ts'

type Wish = {
  id?: string
  options?: JobOptions
  source?: Partial<FilterParts['source']>
  gainDb?: number
  soxr?: boolean
}

function parts({ id = 'flac', options = {}, source = {}, gainDb, soxr = true }: Wish): FilterParts {
  const format = FORMATS.find((one) => one.id === id)
  if (!format) throw new Error(`There is no format ${id}.`)
  const media = { ...newMedia(), ...source }
  const plan = planConversion(format, options, media, { mayCopy: false })
  return { format, options, source: media, plan, soxr, ...(gainDb !== undefined && { gainDb }) }
}
const chain = (wish: Wish) => filterChain(parts(wish)).split(',')

const WIDE = 'aformat=sample_fmts=dbl'
const ROUNDED = 'aresample=44100:resampler=soxr:precision=28:osf=s16:dither_method=triangular'

describe('samples that need not change', () => {
  test('pass no filter', () => {
    expect(chain({})).toEqual([''])
  })

  test('are cut without being computed anew', () => {
    expect(chain({ options: { trim: { startMs: 1500, endMs: 2000 } } })).toEqual([
      'atrim=start=1.5:end=2',
      'asetpts=PTS-STARTPTS',
    ])
    expect(chain({ options: { trim: { endMs: 2000 } } })[0]).toBe('atrim=start=0:end=2')
    expect(chain({ options: { trim: { startMs: 1 } } })[0]).toBe('atrim=start=0.001')
  })
})

describe('samples that are computed', () => {
  test('are wide until the end, and then rounded with dither', () => {
    expect(chain({ options: { tempo: 1.25 } })).toEqual([WIDE, 'atempo=1.25', ROUNDED])
  })

  test('are edited in order: cut, speed, gain, fades', () => {
    const options = { trim: { startMs: 1000 }, tempo: 2, fadeInMs: 500, fadeOutMs: 1000 }
    expect(chain({ options, gainDb: -3.5 }).slice(1, -1)).toEqual([
      'atrim=start=1',
      'asetpts=PTS-STARTPTS',
      'atempo=2',
      'volume=-3.5dB:precision=double',
      'afade=t=in:d=0.5',
      'afade=t=out:st=28.5:d=1',
    ])
  })

  test('have no gain of nothing', () => {
    expect(chain({ gainDb: 0 })).toEqual([''])
  })

  test('fade out over all of it, where it is shorter than that', () => {
    const options = { trim: { endMs: 400 }, fadeOutMs: 1000 }
    expect(chain({ options })).toContain('afade=t=out:st=0:d=0.4')
  })

  test('fade for as short as a millisecond', () => {
    expect(chain({ options: { fadeInMs: 1, fadeOutMs: 1 } }).slice(1, -1)).toEqual([
      'afade=t=in:d=0.001',
      'afade=t=out:st=59.999:d=0.001',
    ])
  })

  test('do not fade out where nobody knows the end', () => {
    const wish = parts({ options: { fadeOutMs: 1000 } })
    expect(filterChain({ ...wish, plan: { ...wish.plan, expectedMs: null } })).toBe('')
  })

  test('are rounded to 24 bits in samples of 32, and to float not at all', () => {
    const options = { tempo: 2 }
    const last = (id: string, bitDepth: number, float = false) =>
      chain({ id, options: { ...options, bitDepth }, source: { bitDepth, float } }).at(-1)
    expect(last('flac', 24)).toBe(
      'aresample=44100:resampler=soxr:precision=28:osf=s32:output_sample_bits=24:dither_method=triangular',
    )
    expect(last('wav', 32, true)).toBe('atempo=2')
    expect(last('wav', 32)).toBe('atempo=2')
  })

  test('of a lossy format need no rounding', () => {
    expect(chain({ id: 'mp3', options: { tempo: 2 } })).toEqual([WIDE, 'atempo=2'])
  })
})

describe('the sample rate and the depth', () => {
  test('change with soxr, or with what FFmpeg has where that is missing', () => {
    const options = { sampleRateHz: 48_000 }
    expect(chain({ id: 'mp3', options })).toEqual(['aresample=48000:resampler=soxr:precision=28'])
    expect(chain({ id: 'mp3', options, soxr: false })).toEqual(['aresample=48000'])
  })

  test('are rounded with dither where the result has fewer bits', () => {
    expect(chain({ options: { bitDepth: 16 }, source: { bitDepth: 24 } })).toEqual([ROUNDED])
    expect(chain({ source: { bitDepth: undefined } })).toEqual([ROUNDED])
    expect(chain({ options: { bitDepth: 24 }, source: { bitDepth: 16 } })).toEqual([''])
  })

  test('are rounded with dither after resampling, which computes', () => {
    expect(chain({ options: { sampleRateHz: 48_000 } })).toEqual([ROUNDED.replace('44100', '48000')])
  })
})

describe('channels', () => {
  test('that are mixed are computed', () => {
    expect(chain({ options: { channels: 1 } })).toEqual([
      WIDE,
      'aresample=ochl=mono:rematrix_maxval=1',
      ROUNDED,
    ])
  })

  test('that only get another place are not', () => {
    expect(chain({ options: { channels: 2 }, source: { channels: 1 } })).toEqual([
      'channelmap=map=0|0:channel_layout=stereo',
    ])
  })
})

describe('what is measured', () => {
  test('is what is heard but for the gain: cut, speed, fades and channels', () => {
    const options = { trim: { startMs: 1000 }, tempo: 2, fadeInMs: 500, channels: 1 }
    expect(measuredChain(parts({ options, gainDb: 5 })).split(',')).toEqual([
      WIDE,
      'atrim=start=1',
      'asetpts=PTS-STARTPTS',
      'atempo=2',
      'afade=t=in:d=0.5',
      'aresample=ochl=mono:rematrix_maxval=1',
    ])
  })
})
