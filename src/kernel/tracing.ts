import { currentContext, inContext } from './work-context.ts'

export type Attributes = Readonly<Record<string, string | number | boolean>>

/** How long something took, and of what it is a part. */
export type Span = {
  /** For what is done within it, here or elsewhere (W3C Trace Context, 3.2). */
  traceparent: string | undefined
  set: (attributes: Attributes) => void
  /** Ends it; with a short word for what went wrong, if something did. */
  end: (failure?: string) => void
}

export type SpanOptions = {
  /** `server`: a request of somebody; `consumer`: something that was queued (OpenTelemetry: "SpanKind"). */
  kind?: 'internal' | 'server' | 'consumer'
  /** The traceparent of what it is a part of; a trace begins where there is none. */
  parent?: string | undefined
  /** Of something that it has to do with, and is no part of. */
  link?: string | undefined
  /** Epoch milliseconds; now, if not told. */
  startedAt?: number
  attributes?: Attributes
}

/** Told of what takes how long; who publishes that, features do not know. Nothing in it names an upload or a job. */
export type Tracing = { begin: (name: string, options?: SpanOptions) => Span }

/** Nothing is traced here, and a caller's trace goes through as it came. */
export const noTracing: Tracing = {
  begin: (_, { parent } = {}) => ({ traceparent: parent, set: () => undefined, end: () => undefined }),
}

/** Does something within a span, a part of the current one if not told otherwise. Throws what `act` throws. */
export async function inSpan<Result>(
  tracing: Tracing,
  name: string,
  act: (span: Span) => Promise<Result>,
  options: SpanOptions = {},
): Promise<Result> {
  const context = currentContext()
  const span = tracing.begin(name, { parent: context.traceparent, ...options })
  const within = { ...context, traceparent: span.traceparent }
  try {
    const result = await inContext(within, () => act(span))
    span.end()
    return result
  } catch (error) {
    span.end(wordFor(error))
    throw error
  }
}

/** Messages may name what nobody else is to know. */
function wordFor(error: unknown): string {
  if (!(error instanceof Error)) return 'Error'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
