import { expect, test } from 'vitest'
import type { FormatView } from '../../../src/contract/formats.ts'
import type { OptionDescription } from '../../../src/contract/options.ts'
import { orderFor, withOption } from './order.ts'

const keyword: OptionDescription = {
  ...{ type: 'keyword', label: 'Cover', choices: ['keep', 'strip'], default: 'keep' },
}
const integer: OptionDescription = { type: 'integer', label: 'Number', min: 0, max: 9, default: 2 }
const format = (id: string, options: FormatView['options']): FormatView => ({
  ...{ id, label: id, extension: id, mimeType: '', lossless: false, codec: id },
  options,
})
const mp3 = format('mp3', { quality: integer, bitrateKbps: integer, artwork: keyword, fadeInMs: integer })
const wav = format('wav', { fadeInMs: integer })
const formats = [mp3, wav]
const forAll = { format: 'mp3', options: { quality: 0 }, preset: 'music' }

test('a file becomes what all become, with what is set for it alone', () => {
  expect(orderFor({ edits: { fadeInMs: 5 } }, forAll, formats)).toEqual({
    format: 'mp3',
    options: { quality: 0, fadeInMs: 5 },
    preset: 'music',
  })
})

test('its own target goes before, and a format is asked for nothing it does not take', () => {
  const track = { target: { format: 'wav', options: {} }, edits: { artwork: 'strip', fadeInMs: 5 } }
  expect(orderFor(track, forAll, formats)).toEqual({ format: 'wav', options: { fadeInMs: 5 } })
})

test('a bitrate takes the quality out, and what is standard is not set', () => {
  expect(withOption(mp3, { quality: 0 }, 'bitrateKbps', 3)).toEqual({ bitrateKbps: 3 })
  expect(withOption(mp3, { quality: 0 }, 'quality', 2)).toEqual({})
})
