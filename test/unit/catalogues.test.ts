import { expect, test } from 'vitest'
import type { OptionDescription } from '../../src/contract/options.ts'
import { FORMATS, PRESETS } from '../../src/ffmpeg/index.ts'
import { de } from '../../web/src/messages/de.ts'
import { en } from '../../web/src/messages/en.ts'

/** Names that are the same in every language. */
const PROPER = /^(MP3|AAC \(M4A\)|Opus|Ogg Vorbis|FLAC|Apple Lossless|WAV|AIFF|WavPack|WebM|AC-3)$/

const labelsOf = (description: OptionDescription): string[] => [
  description.label,
  ...(description.type === 'group' ? Object.values(description.fields).map(({ label }) => label) : []),
]

test('all that the server names has a name in German', () => {
  const labels = [
    ...PRESETS.map(({ label }) => label),
    ...FORMATS.flatMap(({ label, options }) => [label, ...Object.values(options).flatMap(labelsOf)]),
  ]
  expect(labels.filter((label) => !PROPER.test(label) && !(label in de.served))).toEqual([])
})

test.each(Object.entries({ en, de }))('every preset and every keyword has words in %s', (_, catalogue) => {
  const { presetHints, keywords } = catalogue.picker
  expect(PRESETS.filter(({ id }) => !(id in presetHints))).toEqual([])
  const choices = FORMATS.flatMap(({ options }) => Object.values(options)).flatMap((description) =>
    description.type === 'keyword' || description.type === 'tags' ? description.choices : [],
  )
  expect(choices.filter((choice) => !(choice in keywords))).toEqual([])
})
