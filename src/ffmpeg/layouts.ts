import type { Media } from '../contract/index.ts'
import type { Format } from './format.ts'

/** Channels by count and, where that is known, by place. */
export type Layout = Pick<Media, 'channels' | 'layout'>

/** FFmpeg's named layouts, with the channels in the order in which samples have them. */
const NAMED: Record<string, string> = {
  ...{ mono: 'FC', stereo: 'FL FR', '2.1': 'FL FR LFE', '3.0': 'FL FR FC', '3.0(back)': 'FL FR BC' },
  ...{ quad: 'FL FR BL BR', 'quad(side)': 'FL FR SL SR', '4.0': 'FL FR FC BC', '3.1': 'FL FR FC LFE' },
  ...{ '5.0': 'FL FR FC BL BR', '5.0(side)': 'FL FR FC SL SR', '4.1': 'FL FR FC LFE BC' },
  ...{ '5.1': 'FL FR FC LFE BL BR', '5.1(side)': 'FL FR FC LFE SL SR', '6.0': 'FL FR FC BC SL SR' },
  ...{ '6.0(front)': 'FL FR FLC FRC SL SR', hexagonal: 'FL FR FC BL BR BC' },
  ...{ '6.1': 'FL FR FC LFE BC SL SR', '6.1(back)': 'FL FR FC LFE BL BR BC' },
  ...{ '6.1(front)': 'FL FR LFE FLC FRC SL SR', '7.0': 'FL FR FC BL BR SL SR' },
  ...{ '7.0(front)': 'FL FR FC FLC FRC SL SR', '7.1': 'FL FR FC LFE BL BR SL SR' },
  ...{ '7.1(wide)': 'FL FR FC LFE BL BR FLC FRC', '7.1(wide-side)': 'FL FR FC LFE FLC FRC SL SR' },
  octagonal: 'FL FR FC BL BR BC SL SR',
  hexadecagonal: 'FL FR FC BL BR BC SL SR TFL TFC TFR TBL TBC TBR WL WR',
}

/** What is meant by so many channels when nothing tells. */
const USUAL = ['mono', 'stereo', '3.0', 'quad', '5.0', '5.1', '6.1', '7.1', 'hexadecagonal']

/** The same layouts without their low-frequency channel. */
const WITHOUT_LFE: Record<string, string> = { '6.1': '6.0', '7.1': '7.0' }

/** The surrounding pair is called by either name. */
const TWINS: Record<string, string> = { BL: 'SL', BR: 'SR', SL: 'BL', SR: 'BR' }

/** FFmpeg writes layouts without a name as `4 channels (FL+FR+LFE+BC)`. */
export function channelsOf(layout: string): string[] | undefined {
  if (Object.hasOwn(NAMED, layout)) return NAMED[layout]?.split(' ')
  return /\(([A-Z0-9]+(?:\+[A-Z0-9]+)+)\)$/.exec(layout)?.[1]?.split('+')
}

/** Undefined for numbers that no layout is usual of. */
export const usualLayout = (channels: number) => USUAL.find((layout) => countOf(layout) === channels)

const countOf = (layout: string) => channelsOf(layout)?.length ?? 0

/** Mono and stereo need no name; what else has none is not known. */
const nameOf = ({ channels, layout }: Layout) => layout ?? (channels <= 2 ? usualLayout(channels) : undefined)

/** A layout as it is told: mono and stereo are told by their count. */
export const layoutNamed = (layout: string | undefined): Pick<Layout, 'layout'> =>
  layout === undefined || ['mono', 'stereo', 'unknown', ''].includes(layout) ? {} : { layout }

/** Whether two layouts differ in no more than in what they call the surrounding pair. */
export const isSameSound = (one: string, other: string): boolean => soundOf(one) === soundOf(other)

function soundOf(layout: string): string {
  const channels = channelsOf(layout)
  if (!channels) return layout
  const names = channels.includes('BL') ? channels : channels.map((name) => name.replace(/^S(?=[LR]$)/, 'B'))
  return names.sort().join(' ')
}

/**
 * The layout a result gets. Every channel of the source is one of the result where the format has a place for it; only
 * when other channels are asked for, or the format has too few, they are mixed.
 */
export function targetLayout(format: Format, source: Layout, wished = source.channels): Layout {
  const unmixed = wished === source.channels ? unmixedLayout(format, source) : undefined
  if (unmixed !== undefined) return unmixed
  const most = Math.min(wished, format.maxChannels)
  const mixed = (format.layouts ?? USUAL).filter((layout) => countOf(layout) <= most)
  const [first = 'mono'] = mixed.sort((one, other) => countOf(other) - countOf(one))
  // Numbers that no layout has can be asked of WAV alone.
  return countOf(first) === most || format.layouts
    ? { channels: countOf(first), ...layoutNamed(first) }
    : { channels: most }
}

const placeOf = ({ channels, layout }: Layout): Layout => ({ channels, ...layoutNamed(layout) })

function unmixedLayout({ layouts, maxChannels, lossless }: Format, source: Layout): Layout | undefined {
  if (source.channels > maxChannels) return undefined
  const from = nameOf(source)
  if (!layouts || (from !== undefined && layouts.includes(from))) return placeOf(source)
  const same = layouts.filter((layout) => countOf(layout) === source.channels)
  const best = from === undefined ? same[0] : nearest(from, same, lossless)
  const extended = layouts.find((layout) => {
    const full = WITHOUT_LFE[layout]
    return full !== undefined && from !== undefined && placed(from, full, lossless) !== undefined
  })
  const found = best ?? extended
  return found === undefined ? undefined : { channels: countOf(found), ...layoutNamed(found) }
}

/** The one of those layouts in which most channels stay where they are. */
function nearest(from: string, layouts: readonly string[], lossless: boolean): string | undefined {
  const possible = layouts.flatMap((layout) => {
    const map = placed(from, layout, lossless)
    return map ? [{ layout, score: kept(from, layout) }] : []
  })
  return possible.sort((one, other) => other.score - one.score)[0]?.layout
}

function kept(from: string, to: string): number {
  const has = channelsOf(from) ?? []
  const scores = (channelsOf(to) ?? []).map((name) =>
    has.includes(name) ? 2 : has.includes(TWINS[name] ?? '') ? 1 : 0,
  )
  return scores.reduce<number>((sum, score) => sum + score, 0)
}

/**
 * Which channel of the source becomes each one of the result: the one of its name, its twin, else the next that is
 * left. Undefined where a place is missing: a lossy encoder keeps only the lowest frequencies of an LFE channel.
 */
function placed(from: string, to: string, lossless: boolean): number[] | undefined {
  const [has, wants] = [channelsOf(from), channelsOf(to)]
  if (!has || !wants || has.length !== wants.length) return undefined
  const map = wants.map((name) => has.indexOf(name))
  const fill = (find: (name: string) => number | undefined) =>
    wants.forEach((name, at) => {
      const index = map[at] === -1 ? (find(name) ?? -1) : -1
      if (index !== -1 && !map.includes(index)) map[at] = index
    })
  fill((name) => has.indexOf(TWINS[name] ?? ''))
  fill(() => has.findIndex((_, index) => !map.includes(index)))
  const low = wants.indexOf('LFE')
  return lossless || low === -1 || has[map[low] ?? -1] === 'LFE' ? map : undefined
}

/** Filters that bring a source's channels to a layout, and whether they compute new samples. */
export type Route = { filters: string[]; mixes: boolean }
const NOTHING: Route = { filters: [], mixes: false }

/** Every channel goes to a place of its own, if there is one. No text of a source enters the filters. */
export function routeTo(target: Layout, source: Layout, lossless: boolean): Route {
  const [from, to] = [nameOf(source), nameOf(target)]
  if (to === undefined || from === to) return NOTHING
  if (from === 'mono' && to === 'stereo') return { filters: [relabel([0, 0], to)], mixes: false }
  const map =
    from === undefined && source.channels === target.channels
      ? Array.from({ length: source.channels }, (_, index) => index)
      : placed(from ?? '', to, lossless)
  if (map) return { filters: [relabel(map, to)], mixes: false }
  const full = WITHOUT_LFE[to] ?? ''
  const fullMap = placed(from ?? '', full, lossless)
  if (fullMap) return { filters: [relabel(fullMap, full), `aformat=channel_layouts=${to}`], mixes: false }
  // Without the limit, mixed channels get louder than the loudest sample there can be.
  return { filters: [`aresample=ochl=${to}:rematrix_maxval=1`], mixes: true }
}

/** `pan` would mix all the same: between different layouts, FFmpeg 5.1 applies its own matrix after the mapping. */
const relabel = (map: readonly number[], layout: string) =>
  `channelmap=map=${map.join('|')}:channel_layout=${layout}`
