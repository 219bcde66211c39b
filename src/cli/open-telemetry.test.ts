import { expect, test } from 'vitest'
import { silentLog } from '../kernel/log.ts'
import type { TracesConfig } from '../config/index.ts'
import { openTelemetry } from './open-telemetry.ts'

const [TRACE, SPAN] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']
const caller = (flags: string) => `00-${TRACE}-${SPAN}-${flags}`

/** The flags that whoever comes after such a span is told: whether it is recorded. */
function flagsAfter(sampler: TracesConfig['sampler'], ratio: number, parent?: string): string | undefined {
  const { tracing } = openTelemetry(
    { protocol: 'http/json', sampler, ratio },
    { version: '0', log: silentLog },
  )
  return tracing.begin('it', { parent }).traceparent?.split('-')[3]
}

test.each<[TracesConfig['sampler'], number, string | undefined, string]>([
  ['always_on', 1, caller('00'), '01'],
  ['always_off', 1, caller('01'), '00'],
  ['traceidratio', 0, caller('01'), '00'],
  ['traceidratio', 1, caller('00'), '01'],
  ['parentbased_always_on', 1, undefined, '01'],
  ['parentbased_always_on', 1, caller('00'), '00'],
  ['parentbased_always_off', 1, undefined, '00'],
  ['parentbased_always_off', 1, caller('01'), '01'],
  ['parentbased_traceidratio', 0, undefined, '00'],
  ['parentbased_traceidratio', 0, caller('01'), '01'],
])('sampler %s of %d, after a caller with %s, gives %s', (sampler, ratio, parent, flags) => {
  expect(flagsAfter(sampler, ratio, parent)).toBe(flags)
})

test('a span is another one in the trace of its parent', () => {
  const { tracing } = openTelemetry(
    { protocol: 'http/json', sampler: 'always_on', ratio: 1 },
    { version: '0', log: silentLog },
  )
  const [, traceId, spanId] = tracing.begin('it', { parent: caller('01') }).traceparent?.split('-') ?? []
  expect(traceId).toBe(TRACE)
  expect(spanId).not.toBe(SPAN)
})
