import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cleanFileName } from './file-name.ts'

test.each([
  ['../../etc/passwd', 'passwd'],
  ['C:\\Music\\song.wav', 'song.wav'],
  ['a\u0000b\r\nc.mp3', 'a_b__c.mp3'],
  ['🎵🎶.flac', '🎵🎶.flac'],
  ['e\u0301tude.wav', 'étude.wav'],
  ['\u202egpj.mp3', 'gpj.mp3'],
  ['so\u200bng\u200e\ufeff\u2069.mp3', 'song.mp3'],
  ['\u{1f468}\u200d\u{1f469}.mp3', '\u{1f468}\u{1f469}.mp3'],
  ['  spaced  .wav ', 'spaced  .wav'],
])('%j is kept as %j', (given, kept) => {
  expect(cleanFileName(given)).toBe(kept)
})

test.each(['', '   ', '/', '..', '../..', 'folder/'])('%j is no name', (name) => {
  expect(() => cleanFileName(name)).toThrow('no usable name')
})

test('any name becomes short, well-formed and free of separators, or is refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (name) => {
      let clean: string
      try {
        clean = cleanFileName(name)
      } catch {
        return
      }
      expect(Buffer.byteLength(clean)).toBeLessThanOrEqual(255)
      expect(clean.isWellFormed()).toBe(true)
      expect(clean).not.toMatch(/[/\\\n\r]/)
    }),
  )
})

test('a long name keeps its extension', () => {
  expect(cleanFileName(`${'ü'.repeat(300)}.flac`)).toMatch(/^ü{125}\.flac$/)
})
