import { expect, test } from 'vitest'
import { Environment, InvalidEnvironment, loadConfig } from './config.ts'

type Name = keyof typeof Environment.shape

const KEY = /<owner>:<SHA-256 of the key, 64 hex digits>/
const URL_RULE = /expected.* URL|Invalid URL/i
const oneOf = (...words: string[]) => new RegExp(words.map((word) => `"${word}"`).join('.*'))
const from = (least: number, most: number): [string, RegExp][] => [
  [`${least - 1}`, new RegExp(`>=${least}`)],
  [`${most + 1}`, new RegExp(`<=${most}`)],
  [`${least}.5`, /int/],
  ['many', /number/],
]

/** For each variable values that are refused, with the rule that is told. Free text refuses nothing. */
const REFUSED: Record<Name, [value: string, rule: RegExp][]> = {
  PORT: from(0, 65_535),
  HOST: [],
  ALLOWED_HOSTS: [],
  PUBLIC_URL: [['tapes.example', URL_RULE]],
  TRUSTED_PROXIES: [['10.0.0.0/33', /IP addresses or CIDR ranges, separated by commas/]],
  DATA_DIR: [],
  ROLE: [['boss', oneOf('all', 'api', 'worker')]],
  AWS_REGION: [],
  S3_BUCKET_NAME: [
    ['ab', />=3 characters/],
    ['a'.repeat(64), /<=63 characters/],
  ],
  S3_ENDPOINT: [['minio', URL_RULE]],
  DYNAMODB_ENDPOINT: [['dynamo', URL_RULE]],
  DYNAMODB_TABLE_PREFIX: [
    ['a prefix', /pattern/],
    ['a'.repeat(201), /pattern/],
  ],
  S3_PUBLIC_ENDPOINT: [['s3', URL_RULE]],
  UPLOAD_TRANSPORT: [['ftp', oneOf('proxy', 'direct')]],
  PART_SIZE_MIB: from(5, 5120),
  DOWNLOAD_TRANSPORT: [['ftp', oneOf('proxy', 'direct')]],
  MAX_UPLOAD_BYTES: from(1, 5 * 1024 ** 4),
  MAX_DURATION_MS: from(1000, 3_600_000_000),
  RETENTION_HOURS: from(1, 8760),
  WORKER_CONCURRENCY: from(1, 256),
  HEARTBEAT_TIMEOUT_SECONDS: from(5, 600),
  STOP_TIMEOUT_SECONDS: from(2, 3600),
  API_KEYS: [['anna:short', KEY]],
  RATE_LIMIT_PER_MINUTE: from(1, 1_000_000),
  MAX_QUEUED_JOBS: from(1, 5000),
  MAX_QUEUED_JOBS_PER_KEY: from(1, 5000),
  CORS_ORIGINS: [['app.example.com', /origins as https:\/\/app\.example\.com, separated by commas, or \*/]],
  ADMIN_KEY: [['fifteen-letters', />=16 characters/]],
  FFMPEG_PATH: [],
  FFPROBE_PATH: [],
  LOG_LEVEL: [['loud', oneOf('debug', 'info', 'warn', 'error', 'silent')]],
  OTEL_SDK_DISABLED: [['yes', oneOf('true', 'false')]],
  OTEL_TRACES_EXPORTER: [['zipkin', oneOf('otlp', 'none')]],
  OTEL_EXPORTER_OTLP_ENDPOINT: [['collector', URL_RULE]],
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: [['collector', URL_RULE]],
  OTEL_EXPORTER_OTLP_PROTOCOL: [['grpc', oneOf('http/protobuf', 'http/json')]],
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: [['grpc', oneOf('http/protobuf', 'http/json')]],
  OTEL_TRACES_SAMPLER: [['sometimes', oneOf('always_on', 'parentbased_traceidratio')]],
  OTEL_TRACES_SAMPLER_ARG: [
    ['-0.1', />=0/],
    ['1.1', /<=1/],
    ['half', /number/],
  ],
}

const messageOf = (environment: Record<string, string>): string => {
  try {
    loadConfig(environment)
  } catch (error) {
    if (error instanceof InvalidEnvironment) return error.message
    throw error
  }
  return 'nothing is refused'
}
/** The line about this variable. */
const lineAbout = (name: string, message: string) =>
  message.split('\n').find((line) => line.startsWith(`  - ${name}: `)) ??
  `nothing about ${name} in: ${message}`

const cases = Object.entries(REFUSED).flatMap(([name, values]) =>
  values.map(([value, rule]) => [name, value.slice(0, 30), value, rule] as const),
)

test.each(cases)('%s=%s is refused, with the variable and its rule', (name, _, value, rule) => {
  expect(lineAbout(name, messageOf({ [name]: value }))).toMatch(rule)
})

test('all that is wrong is told at once, and nothing that a secret could be is repeated', () => {
  const wrong = Object.entries(REFUSED).flatMap(([name, [first]]) =>
    first ? [[name, first[0]] as const] : [],
  )
  const message = messageOf(Object.fromEntries(wrong))
  for (const [name] of wrong) expect(lineAbout(name, message)).not.toContain('nothing about')
  for (const secret of ['anna:short', 'fifteen-letters']) expect(message).not.toContain(secret)
})

test('whatever has a bound, a form or a list of words refuses something', () => {
  for (const [name, schema] of Object.entries(Environment.shape)) {
    const accepts = (value: string) => schema.safeParse(value).success
    const isFree = ['0', '-1', '1e99', 'words', 'a b', 'https://a.example/'].every(accepts)
    expect([name, REFUSED[name as Name].length > 0]).toEqual([name, !isFree])
  }
})

test.each([
  ...['AWS_REGION', 'AWS_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE'],
  ...['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'],
  ...['S3_ENDPOINT', 'DYNAMODB_ENDPOINT'],
])('%s without a bucket is refused, and the way back is told', (name) => {
  const message = messageOf({ [name]: 'http://localhost:9000' })
  expect(lineAbout('S3_BUCKET_NAME', message)).toContain(`unset ${name}.`)
})

const AWS = { AWS_REGION: 'eu-central-1', S3_BUCKET_NAME: 'bucket' }
const ELSEWHERE = { DYNAMODB_ENDPOINT: 'https://dynamodb.example', S3_BUCKET_NAME: 'bucket' }
const LOOPBACK = { DYNAMODB_ENDPOINT: 'http://127.0.0.1:8000', S3_BUCKET_NAME: 'bucket' }

test.each([
  ['AWS', AWS],
  ['an endpoint on another machine', ELSEWHERE],
])('with %s a heartbeat timeout below 20 s is refused: living workers would look dead', (_, stores) => {
  const message = messageOf({ ...stores, HEARTBEAT_TIMEOUT_SECONDS: '19' })
  expect(lineAbout('HEARTBEAT_TIMEOUT_SECONDS', message)).toMatch(/>=20/)
  expect(loadConfig({ ...stores, HEARTBEAT_TIMEOUT_SECONDS: '20' }).heartbeatTimeoutMs).toBe(20_000)
})

test.each([
  ['embedded stores', {}],
  ['DynamoDB on loopback', LOOPBACK],
])('with %s no network delays a heartbeat, and the timeout may be short', (_, stores) => {
  expect(loadConfig({ ...stores, HEARTBEAT_TIMEOUT_SECONDS: '5' }).heartbeatTimeoutMs).toBe(5000)
})
