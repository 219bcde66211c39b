import { expect, test } from 'vitest'
import { checkCharacter, isId, isOwnedBy, newId } from './ids.ts'

test('a fresh id is URL-safe, 26 characters, and passes its own check', () => {
  const id = newId()
  expect(id).toMatch(/^[0-9a-z]{26}$/)
  expect(isId(id)).toBe(true)
})

test("an id of an owner is theirs and nobody else's, and one without an owner is nobody's", () => {
  const id = newId('anna')
  expect(id).toMatch(/^[0-9a-z]{34}$/)
  expect(isId(id)).toBe(true)
  expect(isOwnedBy(id, 'anna')).toBe(true)
  for (const other of ['ben', 'ann', 'anna ', '']) expect(isOwnedBy(id, other)).toBe(false)
  expect(isOwnedBy(newId(), 'anna')).toBe(false)
  expect(isOwnedBy(newId('anna').slice(0, 25) + id.slice(25), 'anna')).toBe(false)
})

test.each([
  ['nobody', undefined],
  ['an owner', 'anna'],
])('every single mistyped character is noticed in an id of %s', (_, owner) => {
  const id = newId(owner)
  for (let at = 0; at < id.length; at++) {
    for (const other of '0123456789abcdefghijklmnopqrstuvwxyz') {
      if (other === id[at]) continue
      expect(isId(id.slice(0, at) + other + id.slice(at + 1))).toBe(false)
    }
  }
})

test('ids of another length, case or alphabet are refused', () => {
  const id = newId()
  for (const wrong of ['', id.slice(1), `${id}0`, id.toUpperCase() + '_', '../../etc/passwd'])
    expect(isId(wrong)).toBe(false)
})

test('the check character follows ISO 7064 MOD 37,36, as in the example of the GRid standard', () => {
  expect(checkCharacter('a12425gabc1234002')).toBe('m')
})
