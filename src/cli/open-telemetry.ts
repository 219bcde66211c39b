import { setTimeout as delay } from 'node:timers/promises'
import {
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span as SdkSpan,
  type SpanContext,
} from '@opentelemetry/api'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
  serviceNameEnvDetector,
} from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { TracesConfig } from '../config/index.ts'
import type { Log } from '../kernel/log.ts'
import { partsOfTraceparent } from '../kernel/traceparent.ts'
import { SECOND_MS } from '../kernel/units.ts'
import type { Span, SpanOptions, Tracing } from '../kernel/tracing.ts'

const ignore = () => undefined
const KINDS = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, consumer: SpanKind.CONSUMER }
/** What is left is sent for so long when a process stops: it must not wait for a collector that hangs. */
const LONGEST_FLUSH_MS = SECOND_MS / 2

/**
 * Sends spans by OTLP to where the environment says, in batches; a collector that is away costs nothing but the spans.
 * `close` sends what is left. Where to, with which headers, certificates and patience, and the resource's attributes
 * are read from the environment by the library itself.
 */
export function openTelemetry(
  { protocol, sampler, ratio }: TracesConfig,
  { version, log }: { version: string; log: Log },
): { tracing: Tracing; close: () => Promise<void> } {
  logTrouble(log)
  const named = resourceFromAttributes({ 'service.name': 'tapedeck', 'service.version': version })
  const detected = detectResources({
    detectors: [serviceInstanceIdDetector, resourceAttributesEnvDetector, serviceNameEnvDetector],
  })
  const exporter = protocol === 'http/json' ? new JsonExporter() : new ProtobufExporter()
  const root = rootSampler(sampler, ratio)
  const provider = new TracerProvider({
    resource: defaultResource().merge(named).merge(detected),
    sampler: sampler.startsWith('parentbased') ? new ParentBasedSampler({ root }) : root,
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  })
  const tracer = provider.getTracer('tapedeck', version)
  const begin = (name: string, options: SpanOptions = {}) =>
    spanOf(tracer.startSpan(name, sdkOptions(options), contextOf(options.parent)))
  return {
    tracing: { begin },
    close: () =>
      Promise.race([provider.shutdown().catch(ignore), delay(LONGEST_FLUSH_MS, undefined, { ref: false })]),
  }
}

const sdkOptions = ({ kind = 'internal', parent, link, startedAt, attributes }: SpanOptions) => ({
  kind: KINDS[kind],
  ...(attributes && { attributes: { ...attributes } }),
  ...(link !== undefined && link !== parent && { links: [{ context: spanContextOf(link) }] }),
  // A number before the start of the process would be taken for one of its own clock.
  ...(startedAt !== undefined && { startTime: new Date(startedAt) }),
})

function spanOf(span: SdkSpan): Span {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return {
    traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    set: (attributes) => span.setAttributes({ ...attributes }),
    end(failure) {
      if (failure !== undefined) {
        span.setAttribute('error.type', failure)
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
      span.end()
    },
  }
}

const contextOf = (parent: string | undefined): Context =>
  parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContextOf(parent))

function spanContextOf(traceparent: string): SpanContext {
  const { traceId, spanId, flags } = partsOfTraceparent(traceparent)
  return { traceId, spanId, traceFlags: flags, isRemote: true }
}

function rootSampler(name: TracesConfig['sampler'], ratio: number) {
  if (name.endsWith('always_on')) return new AlwaysOnSampler()
  if (name.endsWith('always_off')) return new AlwaysOffSampler()
  return new TraceIdRatioBasedSampler(ratio)
}

/** The library tells its own troubles only to a logger of its own kind. */
function logTrouble(log: Log): void {
  const warn = (message: string) => log.warn({ message }, 'traces not sent')
  diag.setLogger(
    { error: warn, warn, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
}
