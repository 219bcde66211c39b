import type { S3Target } from './s3.ts'
import { type RawAnswer, send, sha256, type Signed, signRequest } from './s3-signing.ts'

type Trailers = Record<string, string>

/** The `aws-chunked` coding, written from its description: chunks of `cut` bytes, then the trailers. */
export function chunked(body: Buffer | string, cut: number, trailers: Trailers, signed?: Signed): Buffer {
  const data = Buffer.from(body)
  const wire: Buffer[] = []
  let previous = signed?.signature ?? ''
  for (let at = 0; ; at += cut) {
    const chunk = data.subarray(at, at + cut)
    if (signed) previous = signed.sign('AWS4-HMAC-SHA256-PAYLOAD', previous, sha256(''), sha256(chunk))
    const signature = signed ? `;chunk-signature=${previous}` : ''
    wire.push(Buffer.from(`${chunk.length.toString(16)}${signature}\r\n`))
    if (chunk.length === 0) break
    wire.push(chunk, Buffer.from('\r\n'))
  }
  const lines = Object.entries(trailers).map(([name, value]) => `${name}:${value}`)
  if (signed && lines.length > 0) {
    const signature = signed.sign('AWS4-HMAC-SHA256-TRAILER', previous, sha256(`${lines.join('\n')}\n`))
    lines.push(`x-amz-trailer-signature:${signature}`)
  }
  wire.push(Buffer.from([...lines, '', ''].join('\r\n')))
  return Buffer.concat(wire)
}

type SignedChunks = { key: string; body: Buffer; cut: number; trailers: Trailers }

/** A PutObject whose body is signed chunk by chunk; `request` may change the bytes after they were signed. */
export function signedChunks(
  { endpoint, signer, bucket }: S3Target,
  { key, body, cut, trailers }: SignedChunks,
) {
  const names = Object.keys(trailers)
  const suffix = names.length > 0 ? '-TRAILER' : ''
  const request = {
    method: 'PUT',
    path: `/${bucket}/${key}`,
    contentHash: `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${suffix}`,
    headers: {
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': `${body.length}`,
      ...(names[0] !== undefined && { 'x-amz-trailer': names[0] }),
    },
  }
  const signed = signRequest(endpoint, signer, request)
  const wire = chunked(body, cut, trailers, signed)
  return {
    request: (change: (wire: Buffer) => Buffer = (same) => same): Promise<RawAnswer> =>
      send(endpoint, { ...request, body: change(wire) }, signed.headers),
  }
}
