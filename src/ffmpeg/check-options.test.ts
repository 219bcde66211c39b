import { expect, test } from 'vitest'
import { checkOptions } from './check-options.ts'
import { FORMATS, PRESETS } from './formats.ts'

const format = (id: string) => {
  const found = FORMATS.find((one) => one.id === id)
  if (!found) throw new Error(`no format ${id}`)
  return found
}

test('values inside the range or among the choices are taken', () => {
  expect(checkOptions(format('mp3'), { bitrateKbps: 320, sampleRateHz: 44100, channels: 1 })).toEqual({
    bitrateKbps: 320,
    sampleRateHz: 44100,
    channels: 1,
  })
})

test.each([
  ['mp3', { compressionLevel: 5 }, 'Option "compressionLevel" is not one that MP3 takes'],
  ['mp3', { __proto__2: 1 }, 'Option "__proto__2" is not one'],
  ['flac', { constructor: 1 }, 'Option "constructor" is not one'],
  ['mp3', { bitrateKbps: 1000 }, 'Option "bitrateKbps" must be a whole number from 32 to 320.'],
  ['mp3', { bitrateKbps: '128' }, 'must be a whole number'],
  ['opus', { bitrateKbps: 64.5 }, 'must be a whole number'],
  ['wav', { bitDepth: 20 }, 'Option "bitDepth" must be one of 16, 24, 32.'],
  ['mp3', { quality: 2, bitrateKbps: 128 }, 'cannot be given together'],
])('%s refuses %j by name', (id, options, message) => {
  expect(() => checkOptions(format(id), options)).toThrow(message)
})

test('every preset is one its format takes', () => {
  for (const preset of PRESETS)
    expect(checkOptions(format(preset.format), preset.options)).toEqual(preset.options)
})
