import { expect, test } from 'vitest'
import { tagOf, withTag } from './tags.ts'

const source = { title: 'Old', artist: 'Somebody' }

test('a tag is that of the source until another one is set', () => {
  expect(tagOf({}, source, 'title')).toBe('Old')
  expect(tagOf({ metadata: { title: 'New' } }, source, 'title')).toBe('New')
  expect(tagOf({ metadata: { title: '' } }, source, 'title')).toBe('')
  expect(tagOf({}, source, 'album')).toBe('')
})

test('what is typed back to what the source has is not set', () => {
  const changed = withTag({}, source, 'title', 'New')
  expect(changed).toEqual({ title: 'New' })
  expect(withTag({ metadata: { title: 'New', album: 'A' } }, source, 'title', 'Old')).toEqual({ album: 'A' })
  expect(withTag({ metadata: { title: 'New' } }, source, 'title', 'Old')).toBeUndefined()
})

test('emptied tags are set to nothing, which removes them', () => {
  expect(withTag({}, source, 'artist', '')).toEqual({ artist: '' })
})
