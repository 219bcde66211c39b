import { createHash, createHmac } from 'node:crypto'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'

/**
 * Signs and sends S3 requests by hand, for all that an SDK would never do: wrong signatures, wrong digests, bodies cut
 * short. It shares no code with the server, so that both cannot be wrong in the same way.
 */
export type Signer = {
  accessKeyId: string
  secretAccessKey: string
  /** Of keys that are lent for a time. */
  sessionToken?: string
  region: string
  service?: string
}

export type RawRequest = {
  method: string
  /** Percent-encoded, starting with the bucket. */
  path: string
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: Buffer | string
  /** Default: the SHA-256 of the body. */
  contentHash?: string
}

export type RawAnswer = {
  status: number
  headers: IncomingHttpHeaders
  text: string
  code: string | undefined
}

export type Signed = {
  headers: Record<string, string>
  signature: string
  /** Signs a chunk or a trailer with the key of the request. */
  sign(algorithm: string, ...lines: string[]): string
}

export const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex')

export function signRequest(endpoint: string, signer: Signer, request: RawRequest, now = new Date()): Signed {
  const timestamp = now.toISOString().replace(/[-:]|\.\d+/g, '')
  const scope = [timestamp.slice(0, 8), signer.region, signer.service ?? 's3', 'aws4_request']
  const contentHash = request.contentHash ?? sha256(request.body ?? '')
  const headers: Record<string, string> = {
    host: new URL(endpoint).host,
    'x-amz-date': timestamp,
    'x-amz-content-sha256': contentHash,
    ...(signer.sessionToken !== undefined && { 'x-amz-security-token': signer.sessionToken }),
    ...request.headers,
  }
  const names = Object.keys(headers).sort()
  const canonical = [
    request.method,
    request.path,
    queryString(request.query),
    ...names.map((name) => `${name}:${headers[name] ?? ''}`),
    '',
    names.join(';'),
    contentHash,
  ].join('\n')
  const key = scope.reduce<Buffer | string>((key, word) => hmac(key, word), `AWS4${signer.secretAccessKey}`)
  const sign = (algorithm: string, ...lines: string[]) =>
    hmac(key, [algorithm, timestamp, scope.join('/'), ...lines].join('\n')).toString('hex')
  const signature = sign('AWS4-HMAC-SHA256', sha256(canonical))
  const credential = `Credential=${signer.accessKeyId}/${scope.join('/')}`
  const authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  return { headers: { ...headers, authorization }, signature, sign }
}

/** Sends exactly what it is given; `new URL` would tidy up paths that are keys. */
export function send(
  endpoint: string,
  { method, path, query, body }: RawRequest,
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  const { hostname, port, protocol } = new URL(endpoint)
  const dial = protocol === 'https:' ? httpsRequest : httpRequest
  const search = queryString(query)
  const target = search === '' ? path : `${path}?${search}`
  return new Promise((resolve, reject) => {
    const outgoing = dial({ hostname, port, method, path: target, headers, agent: false })
    outgoing.on('error', reject)
    outgoing.on('response', (incoming) => {
      const pieces: Buffer[] = []
      incoming.on('data', (piece: Buffer) => pieces.push(piece))
      incoming.on('error', reject)
      incoming.on('end', () => {
        const text = Buffer.concat(pieces).toString()
        const code = /<Code>(.*?)<\/Code>/.exec(text)?.[1]
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, code })
      })
    })
    outgoing.end(body)
  })
}

const queryString = (query: Record<string, string> = {}): string =>
  Object.keys(query)
    .sort()
    .map((name) => `${encodeURIComponent(name)}=${encodeURIComponent(query[name] ?? '')}`)
    .join('&')

const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest()
