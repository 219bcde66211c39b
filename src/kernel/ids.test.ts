import { expect, test } from 'vitest'
import { checkCharacter, isId, newId } from './ids.ts'

test('a fresh id is URL-safe, 26 characters, and passes its own check', () => {
  const id = newId()
  expect(id).toMatch(/^[0-9a-z]{26}$/)
  expect(isId(id)).toBe(true)
})

test('every single mistyped character is noticed', () => {
  const id = newId()
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
