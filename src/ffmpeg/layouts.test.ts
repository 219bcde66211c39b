import { expect, test } from 'vitest'
import { FORMATS } from './formats.ts'
import { channelsOf, isSameSound, routeTo, targetLayout } from './layouts.ts'

const format = (id: string) => {
  const found = FORMATS.find((one) => one.id === id)
  if (!found) throw new Error(`no format ${id}`)
  return found
}
const source = (layout: string) => ({ channels: channelsOf(layout)?.length ?? 0, layout })
const route = (id: string, from: { channels: number; layout?: string }, wished?: number) =>
  routeTo(targetLayout(format(id), from, wished), from, format(id).lossless)

test.each([
  ['flac', '7.1(wide)', '7.1(wide)'],
  ['alac', 'quad', '4.0'],
  ['alac', '7.1', '7.1(wide)'],
  ['aac', '5.1(side)', '5.1'],
  ['aac', 'quad', 'quad'],
  ['opus', '6.1(back)', '6.1'],
  ['opus', '2.1', '3.0'],
  ['ac3', '5.1(side)', '5.1(side)'],
  ['opus', '4 channels (FL+FR+LFE+BC)', 'quad'],
])('%s gets %s as %s', (id, from, to) => {
  expect(targetLayout(format(id), source(from))).toEqual(source(to))
})

test('no text of a source is in the filters, and none where there is nothing to do', () => {
  expect(route('flac', source('5.1(side)'))).toEqual({ filters: [], mixes: false })
  expect(route('wav', { channels: 5 })).toEqual({ filters: [], mixes: false })
  const odd = route('opus', { channels: 4, layout: "4 channels (FL+FR+LFE+BC),volume=9;'" })
  expect(odd.filters.join()).not.toContain('volume')
})

test('channels go by name, then by twin, then to what is left', () => {
  const map = (id: string, from: string) => route(id, source(from)).filters
  expect(map('alac', '6.1')).toEqual(['channelmap=map=0|1|2|3|5|6|4:channel_layout=6.1(back)'])
  expect(map('aac', '5.1(side)')).toEqual(['channelmap=map=0|1|2|3|4|5:channel_layout=5.1'])
  expect(map('opus', '4.1')).toEqual(['channelmap=map=0|1|2|3|4:channel_layout=5.0'])
})

test('unknown channels stay in their order', () => {
  expect(route('opus', { channels: 3 })).toEqual({
    filters: ['channelmap=map=0|1|2:channel_layout=3.0'],
    mixes: false,
  })
})

test('a lossy LFE channel gets nothing but an LFE: it is silent instead', () => {
  expect(targetLayout(format('opus'), source('6.0'))).toEqual({ channels: 7, layout: '6.1' })
  expect(route('opus', source('7.0'))).toEqual({
    filters: ['channelmap=map=0|1|2|3|4|5|6:channel_layout=7.0', 'aformat=channel_layouts=7.1'],
    mixes: false,
  })
  expect(targetLayout(format('alac'), source('6.0'))).toEqual({ channels: 6, layout: '5.1' })
})

test('mixed is only what is asked for or has no place', () => {
  const mixed = (to: string) => ({ filters: [`aresample=ochl=${to}:rematrix_maxval=1`], mixes: true })
  expect(route('mp3', source('5.1'))).toEqual(mixed('stereo'))
  expect(route('flac', { channels: 2 }, 1)).toEqual(mixed('mono'))
  expect(route('ac3', source('7.1'))).toEqual(mixed('5.1(side)'))
  expect(route('flac', { channels: 1 }, 2).mixes).toBe(false)
})

test('no unmixed source loses a channel in any format that has as many', () => {
  const layouts = ['2.1', '3.0(back)', 'quad(side)', '3.1', '5.0', '4.1', '5.1(side)', '6.1(front)', '7.1']
  for (const one of FORMATS)
    for (const from of layouts.map(source).filter(({ channels }) => channels <= one.maxChannels)) {
      const { filters, mixes } = routeTo(targetLayout(one, from), from, one.lossless)
      const map = /map=([\d|]+)/.exec(filters.join())?.[1]?.split('|') ?? []
      expect([one.id, from.layout, mixes, new Set(map).size]).toEqual([
        one.id,
        from.layout,
        false,
        map.length,
      ])
    }
})

test('the surrounding pair is the same by either name', () => {
  expect(isSameSound('5.1', '5.1(side)')).toBe(true)
  expect(isSameSound('6.1', '6.1(back)')).toBe(true)
  expect(isSameSound('7.1', '7.1(wide)')).toBe(false)
})
