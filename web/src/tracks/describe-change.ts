import type { Change } from '../../../src/contract/jobs.ts'
import { messages } from '../messages/index.ts'
import { codecName, duration, number, withUnit } from '../messages/units.ts'

/** One thing that changes, in words. */
export function changeWords({ what, from, to }: Change): { what: string; from: string; to: string } {
  return { what: messages.changes.what[what] ?? what, from: factWords(what, from), to: factWords(what, to) }
}

function factWords(what: Change['what'], fact: Change['from']): string {
  if (fact === null) return messages.changes.gone
  switch (what) {
    case 'sampleRateHz':
      return withUnit(Number(fact) / 1000, 'kHz')
    case 'bitDepth':
      return typeof fact === 'number' ? messages.media.bits(fact) : fact
    case 'channels':
      return messages.media.channels(Number(fact))
    case 'durationMs':
      return duration(Number(fact))
    case 'codec':
      return codecName(String(fact))
    case 'tags':
    case 'layout':
    case 'artwork':
    case 'chapters':
      return typeof fact === 'number' ? number(fact) : fact
  }
}
