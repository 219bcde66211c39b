import { expect, test } from 'vitest'
import { InvalidEnvironment, loadConfig } from './config.ts'

test('with nothing set, stores are embedded and only loopback is served', () => {
  const config = loadConfig({ AWS_CA_BUNDLE: '/etc/ssl/certs/ca-certificates.crt', PORT: '' })
  expect(config.stores).toMatchObject({ kind: 'embedded' })
  expect(config.http).toEqual({
    port: 3000,
    host: '127.0.0.1',
    trustedProxies: [],
    allowedHosts: ['localhost', '127.0.0.1', '[::1]'],
    corsOrigins: [],
  })
  expect(config.apiKeys).toEqual([])
  expect(config.downloadTransport).toBe('proxy')
})

test('an endpoint selects those stores, a bucket alone selects AWS', () => {
  const bucket = { S3_BUCKET_NAME: 'tapes' }
  expect(loadConfig({ ...bucket, S3_ENDPOINT: 'http://minio:9000' }).stores).toMatchObject({
    kind: 'endpoints',
    s3Endpoint: 'http://minio:9000',
    reason: 'S3_ENDPOINT is set',
  })
  const aws = loadConfig({ ...bucket, AWS_REGION: 'eu-central-1' })
  expect(aws.stores).toMatchObject({ kind: 'aws', region: 'eu-central-1', bucket: 'tapes' })
  expect(aws.http).toMatchObject({ host: '0.0.0.0', allowedHosts: undefined })
})

test('AWS settings without a bucket are refused, and the way back to embedded stores is named', () => {
  expect(() => loadConfig({ AWS_PROFILE: 'work' })).toThrow(/S3_BUCKET_NAME: must name.*unset AWS_PROFILE/)
})

test('every mistake is named in one message', () => {
  const wrong = { PORT: '70000', ROLE: 'boss', RETENTION_HOURS: '0', S3_ENDPOINT: 'http://x' }
  expect(() => loadConfig(wrong)).toThrow(InvalidEnvironment)
  for (const name of ['PORT', 'ROLE', 'RETENTION_HOURS', 'S3_BUCKET_NAME'])
    expect(() => loadConfig(wrong)).toThrow(name)
})

test('hosts named by the operator replace the loopback names', () => {
  expect(loadConfig({ ALLOWED_HOSTS: 'Audio.example, tapes.lan' }).http.allowedHosts).toEqual([
    'audio.example',
    'tapes.lan',
  ])
})

test.each(['10.0.0.0/8, 192.0.2.1', '::1', 'fd00::/8'])('proxies can be named as %s', (TRUSTED_PROXIES) => {
  expect(loadConfig({ TRUSTED_PROXIES }).http.trustedProxies).toEqual(TRUSTED_PROXIES.split(', '))
})

test.each(['proxy.example', '10.0.0.0/33', '10.0.0', '::1/129', '10.0.0.1/8/8', '10.0.0.1/x'])(
  'proxies cannot be named as %s',
  (TRUSTED_PROXIES) => {
    expect(() => loadConfig({ TRUSTED_PROXIES })).toThrow(/TRUSTED_PROXIES: .*IP addresses or CIDR ranges/)
  },
)

test('keys are read with their owners, several of one included, and anything else is refused without being repeated', () => {
  const [hash, other] = ['ab'.repeat(32), 'CD'.repeat(32)]
  expect(loadConfig({ API_KEYS: `anna:${hash}, anna:${other} ,ben-2:${hash},` }).apiKeys).toEqual([
    { owner: 'anna', sha256: hash },
    { owner: 'anna', sha256: other.toLowerCase() },
    { owner: 'ben-2', sha256: hash },
  ])
  for (const wrong of [
    hash,
    `anna:td_secret`,
    `:${hash}`,
    `an na:${hash}`,
    `-a:${hash}`,
    ',',
    `a:${hash}:b`,
  ]) {
    expect(() => loadConfig({ API_KEYS: wrong })).toThrow(/API_KEYS: .*<owner>:<SHA-256/)
    expect(() => loadConfig({ API_KEYS: wrong })).not.toThrow(/td_secret/)
  }
})

test('origins of other pages are whole origins or all of them', () => {
  expect(
    loadConfig({ CORS_ORIGINS: 'https://a.example, http://localhost:8080' }).http.corsOrigins,
  ).toHaveLength(2)
  expect(loadConfig({ CORS_ORIGINS: '*' }).http.corsOrigins).toEqual(['*'])
  for (const wrong of ['a.example', 'https://a.example/', 'https://a.example/page', '*,https://a.example'])
    expect(() => loadConfig({ CORS_ORIGINS: wrong })).toThrow(/CORS_ORIGINS/)
})

test('traces are sent once an endpoint or the exporter is named, and not while they are off', () => {
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318'
  const defaults = { protocol: 'http/protobuf', sampler: 'parentbased_always_on', ratio: 1 }
  expect(loadConfig({}).traces).toBeUndefined()
  expect(loadConfig({ OTEL_EXPORTER_OTLP_ENDPOINT }).traces).toEqual(defaults)
  expect(loadConfig({ OTEL_TRACES_EXPORTER: 'otlp' }).traces).toEqual(defaults)
  for (const off of [{ OTEL_SDK_DISABLED: 'true' }, { OTEL_TRACES_EXPORTER: 'none' }])
    expect(loadConfig({ OTEL_EXPORTER_OTLP_ENDPOINT, ...off }).traces).toBeUndefined()
  const both = {
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
  }
  expect(loadConfig({ OTEL_EXPORTER_OTLP_ENDPOINT, ...both }).traces?.protocol).toBe('http/json')
})

test.each([
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
  ['OTEL_TRACES_EXPORTER', 'zipkin'],
  ['OTEL_TRACES_SAMPLER', 'sometimes'],
  ['OTEL_TRACES_SAMPLER_ARG', '2'],
])('%s=%s is refused by name', (name, value) => {
  expect(() => loadConfig({ [name]: value })).toThrow(name)
})
