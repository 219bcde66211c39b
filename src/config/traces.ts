import { z } from 'zod'

const SAMPLERS = ['always_on', 'always_off', 'traceidratio'] as const
const Sampler = z.enum([...SAMPLERS, ...SAMPLERS.map((name) => `parentbased_${name}` as const)])
const Protocol = z.enum(['http/protobuf', 'http/json'])

/** OpenTelemetry's own variables ("Environment Variable Specification", "OTLP Exporter"), so far as they decide here. */
export const TracesEnvironment = z.object({
  OTEL_SDK_DISABLED: z.enum(['true', 'false']).default('false'),
  OTEL_TRACES_EXPORTER: z.enum(['otlp', 'none']).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: z.url().optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: Protocol.optional(),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: Protocol.optional(),
  OTEL_TRACES_SAMPLER: Sampler.default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
})

/** How traces are sent. */
export type TracesConfig = {
  protocol: z.infer<typeof Protocol>
  sampler: z.infer<typeof Sampler>
  /** Share of traces that a sampler by ratio takes, 0 to 1. */
  ratio: number
}

/** Traces are sent once somebody says where to, or asks for them by the exporter's name; undefined: they are not. */
export function tracesOf(env: z.infer<typeof TracesEnvironment>): TracesConfig | undefined {
  const where = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT
  const wanted = env.OTEL_TRACES_EXPORTER ?? (where === undefined ? 'none' : 'otlp')
  if (wanted === 'none' || env.OTEL_SDK_DISABLED === 'true') return undefined
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? env.OTEL_EXPORTER_OTLP_PROTOCOL
  return {
    protocol: protocol ?? 'http/protobuf',
    sampler: env.OTEL_TRACES_SAMPLER,
    ratio: env.OTEL_TRACES_SAMPLER_ARG,
  }
}
