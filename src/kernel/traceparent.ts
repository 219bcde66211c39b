/** W3C Trace Context, 3.2: version, trace-id, parent-id, flags; later versions may have more. */
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-((?!0{32})(?<traceId>[0-9a-f]{32})-(?!0{16})(?<spanId>[0-9a-f]{16})-(?<flags>[0-9a-f]{2}))(?:$|-)/

/** What a header `traceparent` says, in version 00 (W3C Trace Context, 4.3); undefined where it is none. */
export function traceparentOf(header: unknown): string | undefined {
  const [, known] = TRACEPARENT.exec(typeof header === 'string' ? header : '') ?? []
  return known && `00-${known}`
}

/** The parts of a traceparent: 32 and 16 hex digits, and the flags, of which 1 is `sampled`. Throws where it is none. */
export function partsOfTraceparent(traceparent: string): { traceId: string; spanId: string; flags: number } {
  const { traceId, spanId, flags } = TRACEPARENT.exec(traceparent)?.groups ?? {}
  if (!traceId || !spanId || !flags) throw new Error(`${traceparent} is no traceparent.`)
  return { traceId, spanId, flags: Number.parseInt(flags, 16) }
}
