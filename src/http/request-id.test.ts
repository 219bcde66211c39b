import { expect, test } from 'vitest'
import { requestIdOf } from './request-id.ts'

const idOf = (given: string | string[] | undefined) => requestIdOf({ headers: { 'x-request-id': given } })
const OURS = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

test.each(['abcdefgh', 'A-1.b_2:c', 'x'.repeat(128)])('the id "%s" of a sender is kept', (given) => {
  expect(idOf(given)).toBe(given)
})

test.each([
  undefined,
  '',
  'short',
  'x'.repeat(129),
  'with space',
  'line\nbreak',
  'quote"quote',
  'ümlaut-ümlaut',
])('the id %j is replaced by one of ours', (given) => {
  expect(idOf(given)).toMatch(OURS)
})

test('several ids are none', () => {
  expect(idOf(['abcdefgh', 'ijklmnop'])).toMatch(OURS)
})

test('each request without an id gets another one', () => {
  expect(idOf(undefined)).not.toBe(idOf(undefined))
})
