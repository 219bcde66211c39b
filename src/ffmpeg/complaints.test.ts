import { expect, test } from 'vitest'
import { complaintsIn } from './complaints.ts'

const LINK = '[ogg @ 0x5567b6c4a880] failed to create or replace stream\n'
const LINK_IN_9 = '[in#0 @ 0x555558fd6f40] failed to create or replace stream\n'
const AGAIN = '    Last message repeated 3 times\n'
const WRONG = '[flac @ 0x55e4f96a4300] CRC error at PTS 175104\n'

test('a harmless line goes with the line that counts it; what is wrong stays, with its own', () => {
  expect(complaintsIn('')).toBe('')
  expect(complaintsIn(LINK)).toBe('')
  expect(complaintsIn(LINK.trimEnd())).toBe('')
  expect(complaintsIn(LINK_IN_9)).toBe('')
  expect(complaintsIn(`${LINK}${AGAIN}${WRONG}${AGAIN}${LINK}`)).toBe(`${WRONG}${AGAIN}`)
  expect(complaintsIn(`${WRONG}[flac @ 0x1] Channel layout not supported by Flac, output stream\n`)).toBe(
    WRONG,
  )
})
