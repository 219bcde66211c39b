import os from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { GiB, HOUR_MS, MiB, SECOND_MS } from '../kernel/units.ts'
import { apiKeysOf, isApiKeyList, type ApiKeyEntry } from './api-keys.ts'
import { isAddressList, isOriginList, listed } from './lists.ts'
import { checkHeartbeatTimeout } from './heartbeat-timeout.ts'
import { detectStores, type StoreMode } from './stores.ts'
import { TracesEnvironment, tracesOf, type TracesConfig } from './traces.ts'

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max)
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]']
/** S3 takes objects of at most 5 TiB (AWS: "Amazon S3 multipart upload limits"). */
const S3_OBJECT_LIMIT = 5 * 1024 * GiB

/** S3 takes parts of 5 MiB to 5 GiB, the last one excepted (same page). */
const S3_PART_LIMITS_MIB = { smallest: 5, largest: 5 * 1024 }

/** A key that is tried out must take for ever. */
const SHORTEST_KEY = 16

/** The queue is read for its length in one query, of a MiB at most; a job is 150 bytes of it. */
const MOST_QUEUED_JOBS = 5000

/** Every variable the program reads; docs/reference/configuration.md is tested against these names. */
export const Environment = z.object({
  PORT: whole(0, 65_535).default(3000),
  HOST: z.string().min(1).optional(),
  ALLOWED_HOSTS: z.string().min(1).optional(),
  PUBLIC_URL: z.url().optional(),
  TRUSTED_PROXIES: z
    .string()
    .refine(isAddressList, 'Invalid input: expected IP addresses or CIDR ranges, separated by commas')
    .optional(),
  DATA_DIR: z.string().min(1).default('data'),
  ROLE: z.enum(['all', 'api', 'worker']).default('all'),
  AWS_REGION: z.string().min(1).optional(),
  S3_BUCKET_NAME: z.string().min(3).max(63).optional(),
  S3_ENDPOINT: z.url().optional(),
  DYNAMODB_ENDPOINT: z.url().optional(),
  DYNAMODB_TABLE_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,200}$/)
    .default('tapedeck'),
  S3_PUBLIC_ENDPOINT: z.url().optional(),
  UPLOAD_TRANSPORT: z.enum(['proxy', 'direct']).default('proxy'),
  PART_SIZE_MIB: whole(S3_PART_LIMITS_MIB.smallest, S3_PART_LIMITS_MIB.largest).default(8),
  DOWNLOAD_TRANSPORT: z.enum(['proxy', 'direct']).optional(),
  MAX_UPLOAD_BYTES: whole(1, S3_OBJECT_LIMIT).default(20 * GiB),
  MAX_DURATION_MS: whole(1000, 1000 * HOUR_MS).default(24 * HOUR_MS),
  RETENTION_HOURS: whole(1, 24 * 365).default(24),
  WORKER_CONCURRENCY: whole(1, 256).optional(),
  HEARTBEAT_TIMEOUT_SECONDS: whole(5, 600).default(30),
  STOP_TIMEOUT_SECONDS: whole(2, 3600).default(10),
  API_KEYS: z
    .string()
    .refine(
      isApiKeyList,
      'Invalid input: expected entries of the form <owner>:<SHA-256 of the key, 64 hex digits>, separated by commas; ' +
        'the command `tapedeck key <owner>` makes them',
    )
    .optional(),
  RATE_LIMIT_PER_MINUTE: whole(1, 1_000_000).optional(),
  MAX_QUEUED_JOBS: whole(1, MOST_QUEUED_JOBS).default(1000),
  MAX_QUEUED_JOBS_PER_KEY: whole(1, MOST_QUEUED_JOBS).optional(),
  CORS_ORIGINS: z
    .string()
    .refine(
      isOriginList,
      'Invalid input: expected origins as https://app.example.com, separated by commas, or *',
    )
    .optional(),
  ADMIN_KEY: z.string().min(SHORTEST_KEY).optional(),
  FFMPEG_PATH: z.string().min(1).optional(),
  FFPROBE_PATH: z.string().min(1).optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  ...TracesEnvironment.shape,
})

/** What the operator asked for, in the program's own units. */
export type Config = {
  http: {
    port: number
    host: string
    allowedHosts: readonly string[] | undefined
    /** Addresses and ranges whose `X-Forwarded-…` headers are believed. */
    trustedProxies: readonly string[]
    /** The service's root as clients reach it; undefined: as they call it. Ends in a slash. */
    publicUrl: string | undefined
    /** Origins of other pages that may call the API; `*`: of all. */
    corsOrigins: readonly string[]
    /** Requests a minute of one key or address; undefined: no limit. */
    rateLimitPerMinute: number | undefined
  }
  /** Absolute folder of the embedded stores and of temporary files. */
  dataDir: string
  role: 'all' | 'api' | 'worker'
  stores: StoreMode
  tablePrefix: string
  /** How bytes come in and go out: through this service, or straight to and from S3. */
  uploadTransport: 'proxy' | 'direct'
  downloadTransport: 'proxy' | 'direct'
  /** S3 as clients reach it, where that is not how this process does. */
  s3PublicEndpoint: string | undefined
  /** Smallest part of an upload that is asked for, in bytes. */
  smallestPartBytes: number
  limits: { maxUploadBytes: number; maxDurationMs: number; retentionMs: number }
  /** Jobs that may wait at once: of all, and of one owner of keys. */
  queue: { maxJobs: number; maxJobsPerKey: number | undefined }
  workerConcurrency: number
  /** Milliseconds without a heartbeat after which other processes rescue a worker's jobs. */
  heartbeatTimeoutMs: number
  /** Milliseconds from SIGTERM to the end of the process, whatever is under way. */
  stopWithinMs: number
  /** Keys that open the API; none: nobody needs one. */
  apiKeys: readonly ApiKeyEntry[]
  /** What operators send to what only they may do. */
  adminKey: string | undefined
  tools: { ffmpeg: string; ffprobe: string }
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** How traces are sent; undefined: they are not. */
  traces: TracesConfig | undefined
}

export class InvalidEnvironment extends Error {}

/** Throws one {@link InvalidEnvironment} that names every variable with a wrong or missing value, and its rule. */
export function loadConfig(environment: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const parsed = Environment.safeParse(given)
  const problems = parsed.success ? [] : parsed.error.issues.map(sentence)
  const stores = detectStores(given)
  if ('problem' in stores) problems.push(stores.problem)
  else if (parsed.success)
    problems.push(...checkHeartbeatTimeout(parsed.data.HEARTBEAT_TIMEOUT_SECONDS, stores))
  if (!parsed.success || 'problem' in stores || problems.length > 0)
    throw new InvalidEnvironment(`Invalid environment:\n${problems.map((one) => `  - ${one}`).join('\n')}`)
  return toConfig(parsed.data, stores)
}

const sentence = (issue: z.core.$ZodIssue) => `${issue.path.join('.')}: ${issue.message}`

function toConfig(env: z.infer<typeof Environment>, stores: StoreMode): Config {
  const embedded = stores.kind === 'embedded'
  const host = env.HOST ?? (embedded ? '127.0.0.1' : '0.0.0.0')
  return {
    http: {
      ...{ port: env.PORT, host, allowedHosts: allowedHosts(env.ALLOWED_HOSTS, host) },
      trustedProxies: listed(env.TRUSTED_PROXIES ?? ''),
      publicUrl: env.PUBLIC_URL?.replace(/\/*$/, '/'),
      corsOrigins: listed(env.CORS_ORIGINS ?? ''),
      rateLimitPerMinute: env.RATE_LIMIT_PER_MINUTE,
    },
    dataDir: path.resolve(env.DATA_DIR),
    role: env.ROLE,
    stores,
    tablePrefix: env.DYNAMODB_TABLE_PREFIX,
    uploadTransport: env.UPLOAD_TRANSPORT,
    s3PublicEndpoint: env.S3_PUBLIC_ENDPOINT,
    smallestPartBytes: env.PART_SIZE_MIB * MiB,
    downloadTransport: env.DOWNLOAD_TRANSPORT ?? (stores.kind === 'aws' ? 'direct' : 'proxy'),
    limits: {
      maxUploadBytes: env.MAX_UPLOAD_BYTES,
      maxDurationMs: env.MAX_DURATION_MS,
      retentionMs: env.RETENTION_HOURS * HOUR_MS,
    },
    workerConcurrency: env.WORKER_CONCURRENCY ?? os.availableParallelism(),
    heartbeatTimeoutMs: env.HEARTBEAT_TIMEOUT_SECONDS * SECOND_MS,
    stopWithinMs: env.STOP_TIMEOUT_SECONDS * SECOND_MS,
    queue: { maxJobs: env.MAX_QUEUED_JOBS, maxJobsPerKey: env.MAX_QUEUED_JOBS_PER_KEY },
    apiKeys: apiKeysOf(env.API_KEYS ?? ''),
    adminKey: env.ADMIN_KEY,
    tools: { ffmpeg: env.FFMPEG_PATH ?? 'ffmpeg', ffprobe: env.FFPROBE_PATH ?? 'ffprobe' },
    logLevel: env.LOG_LEVEL,
    traces: tracesOf(env),
  }
}

/** On loopback a foreign `Host` header means DNS rebinding; elsewhere the operator names the hosts, or none is checked. */
function allowedHosts(named: string | undefined, host: string): readonly string[] | undefined {
  if (named) return listed(named.toLowerCase())
  return ['127.0.0.1', 'localhost', '::1'].includes(host) ? LOOPBACK_HOSTS : undefined
}
