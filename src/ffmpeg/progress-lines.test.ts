import { expect, test } from 'vitest'
import { parseProgress } from './progress-lines.ts'

function parse(...chunks: string[]) {
  const stream = (async function* () {
    for (const chunk of chunks) yield await Promise.resolve(chunk)
  })()
  return Array.fromAsync(parseProgress(stream))
}

test('a block is one report, read from microseconds', async () => {
  const block = 'out_time_us=1500000\nout_time_ms=1500000\nspeed=32.5x\nprogress=continue\n'
  expect(await parse(block)).toEqual([{ processedMs: 1500, speed: 32.5 }])
})

test('a block may come in any pieces', async () => {
  const block = 'out_time_us=1500000\nspeed= 2x\nprogress=continue\nout_time_us=1600000\nprogress=end\n'
  const expected = [
    { processedMs: 1500, speed: 2 },
    { processedMs: 1600, speed: null },
  ]
  expect(await parse(...block.split(''))).toEqual(expected)
})

test.each(['N/A', '0', '-9223372036854775808', ''])(
  'an unknown time of %j counts as nothing',
  async (value) => {
    expect(await parse(`out_time_us=${value}\nspeed=N/A\nprogress=continue\n`)).toEqual([
      { processedMs: 0, speed: null },
    ])
  },
)
