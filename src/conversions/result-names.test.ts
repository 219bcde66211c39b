import fc from 'fast-check'
import { expect, test } from 'vitest'
import { validateFileName } from 'yauzl'
import { cleanFileName } from '../uploads/file-name.ts'
import { namesInOneFolder, resultNameFor } from './result-names.ts'

test.each([
  ['song.wav', 'song.mp3'],
  ['a.b.wav', 'a.b.mp3'],
  ['song', 'song.mp3'],
  ['.wav', '.wav.mp3'],
  [`${'ü'.repeat(125)}.flac`, `${'ü'.repeat(125)}.mp3`],
  [`${'🎵'.repeat(63)}ab`, `${'🎵'.repeat(62)}.mp3`],
])('the result of %j is called %j', (source, result) => {
  expect(resultNameFor(source, 'mp3')).toBe(result)
})

test.each([
  [
    ['song.mp3', 'song.mp3', 'song.mp3'],
    ['song.mp3', 'song (2).mp3', 'song (3).mp3'],
  ],
  [
    ['song.mp3', 'song.wav'],
    ['song.mp3', 'song.wav'],
  ],
  [
    ['Song.mp3', 'sONG.MP3'],
    ['Song.mp3', 'sONG (2).MP3'],
  ],
  [
    ['song.mp3', 'song (2).mp3', 'song.mp3'],
    ['song.mp3', 'song (2).mp3', 'song (3).mp3'],
  ],
  [
    ['song.mp3', 'song.mp3', 'song (2).mp3'],
    ['song.mp3', 'song (2).mp3', 'song (2) (2).mp3'],
  ],
  [
    ['ΟΔΟΣ.mp3', 'οδοσ.mp3', 'Straße.mp3', 'STRASSE.mp3'],
    ['ΟΔΟΣ.mp3', 'οδοσ (2).mp3', 'Straße.mp3', 'STRASSE (2).mp3'],
  ],
  [
    ['🎵 "A".mp3', '🎵 "a".mp3'],
    ['🎵 _A_.mp3', '🎵 _a_ (2).mp3'],
  ],
  [
    ['C:song.mp3', 'C_song.mp3', 'Part C: song.mp3'],
    ['C_song.mp3', 'C_song (2).mp3', 'Part C_ song.mp3'],
  ],
  [
    ['NUL.mp3', 'com1.live.mp3', 'Lpt² .mp3', 'nulls.mp3', 'com10.mp3', 'a|b?<c>*.mp3'],
    ['NUL_.mp3', 'com1_.live.mp3', 'Lpt²_ .mp3', 'nulls.mp3', 'com10.mp3', 'a_b__c__.mp3'],
  ],
])('%j are %j in one folder', (names, unique) => {
  expect(namesInOneFolder(names)).toEqual(unique)
})

test('a number costs a long name its last characters, and never the extension', () => {
  const long = resultNameFor('🎵'.repeat(100), 'mp3')
  expect(namesInOneFolder([long, long])).toEqual([`${'🎵'.repeat(62)}.mp3`, `${'🎵'.repeat(61)} (2).mp3`])
})

/** Few characters, so that names meet, with those that lead elsewhere. */
const sourceName = fc.oneof(
  fc.string({
    unit: fc.constantFrom('a', 'A', 'c', ':', '.', '/', '\\', '(2)', ' ', '🎵', 'aux', 'COM1'),
    maxLength: 6,
  }),
  fc.string({ unit: 'binary', maxLength: 300 }),
)

test('whatever sources are called, their results fit into one folder and stay in it', () => {
  fc.assert(
    fc.property(fc.array(sourceName, { maxLength: 12 }), (sources) => {
      const names = namesInOneFolder(sources.flatMap(resultNamesOf))
      expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length)
      for (const name of names) {
        expect(validateFileName(name)).toBeNull()
        expect(name).toMatch(/^[^/\\\0<>:"|?*]+\.mp3$/)
        expect(name).not.toMatch(/^(con|prn|aux|nul|(com|lpt)\d)\./i)
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
      }
    }),
  )
})

/** None, where the name is refused. */
function resultNamesOf(source: string): string[] {
  try {
    return [resultNameFor(cleanFileName(source), 'mp3')]
  } catch {
    return []
  }
}
