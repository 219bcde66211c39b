import { expect, test } from 'vitest'
import { partsOfTraceparent, traceparentOf } from './traceparent.ts'

const KNOWN = '4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

test.each([`00-${KNOWN}`, `01-${KNOWN}`, `fe-${KNOWN}-what-is-not-known-yet`])(
  '%s is understood',
  (header) => {
    expect(traceparentOf(header)).toBe(`00-${KNOWN}`)
  },
)

test.each([
  ...[undefined, '', KNOWN, `ff-${KNOWN}`, `00-${KNOWN}0`, `00-${KNOWN.toUpperCase()}`, [`00-${KNOWN}`]],
  `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
  `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`,
])('%s is not', (header) => {
  expect(traceparentOf(header)).toBeUndefined()
})

test('its parts are told, and nothing else has any', () => {
  expect(partsOfTraceparent(`00-${KNOWN}`)).toEqual({
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId: '00f067aa0ba902b7',
    flags: 1,
  })
  expect(() => partsOfTraceparent('00')).toThrow('no traceparent')
})
