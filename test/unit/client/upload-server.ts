import type { IncomingMessage, ServerResponse } from 'node:http'
import { crc32 } from 'node:zlib'
import { formatPartRanges } from '../../../src/contract/part-ranges.ts'
import type { Problem } from '../../../src/contract/problem.ts'
import type { TargetsRequest, UploadRequest, UploadView } from '../../../src/contract/uploads.ts'
import { readAll, startHttpServer } from './http-server.ts'
import { startStore } from './store-server.ts'

type Upload = { id: string; request: UploadRequest; state: UploadView['state']; parts: Map<number, Buffer> }

export const PART = 'PUT /uploads/:id/parts/:part'

/** A request as a fault sees it; `part` is 0 where there is none. */
export type Seen = { route: string; part: number; headers: IncomingMessage['headers'] }
/** Answers in the server's place; returns false to let it answer itself. */
export type Fault = (
  seen: Seen,
  response: ServerResponse,
  request: IncomingMessage,
) => boolean | Promise<boolean>

export const MEDIA = {
  container: 'wav',
  codec: 'pcm_s16le',
  durationMs: 1000,
  sampleRateHz: 44_100,
  channels: 2,
  tags: {},
  artwork: false,
  chapters: 0,
}

/** The upload routes over real sockets, in memory, with small parts and faults where a test wants them. */
export async function startUploadServer({
  partSize = 1000,
  maxParallel = 6,
  targetLifeMs = 3_600_000,
  /** Whether parts go to a store of another origin. */
  direct = false,
} = {}) {
  const uploads = new Map<string, Upload>()
  const byKey = new Map<string, Upload>()
  const seen: Seen[] = []
  /** What was asked for, one entry a call. */
  const wants: TargetsRequest['want'][] = []
  const faults: Fault[] = []
  const store = await startStore((id, part, bytes) => need(id).parts.set(part, bytes))

  const view = ({ id, request: { name, size }, state, parts }: Upload): UploadView => {
    const bytesReceived = [...parts.values()].reduce((sum, part) => sum + part.length, 0)
    const partCount = Math.ceil(size / partSize)
    const received = formatPartRanges(parts.keys())
    const progress = (bytesReceived / size) * 100
    const expiresAt = new Date(4e12).toISOString()
    return {
      id,
      state,
      name,
      size,
      partSize,
      partCount,
      maxParallel,
      received,
      bytesReceived,
      progress,
      expiresAt,
    }
  }

  const routes: Record<string, (body: Buffer, id: string, part: number, request: IncomingMessage) => Answer> =
    {
      'POST /uploads': (body, _id, _part, { headers }) => {
        const key = String(headers['idempotency-key'])
        const request = JSON.parse(body.toString()) as UploadRequest
        if (request.size === 0) return refusal(422, 'empty-file')
        const known = byKey.get(key)
        const upload: Upload = known ?? { id: `up-${uploads.size}`, request, state: 'open', parts: new Map() }
        uploads.set(upload.id, upload)
        byKey.set(key, upload)
        return { status: 201, body: view(upload) }
      },
      'GET /uploads/:id': (_body, id) => ({ status: 200, body: view(need(id)) }),
      'POST /uploads/:id/targets': (body, id) => {
        const { want } = JSON.parse(body.toString()) as TargetsRequest
        wants.push(want)
        const { parts, request } = need(id)
        const other = want.find(
          ({ part, crc32 }) => crc32 && parts.has(part) && !matches(parts.get(part), crc32),
        )
        if (other) return refusal(409, 'part-conflict', { part: other.part })
        const targets = want
          .filter(({ part, crc32 }) => !parts.has(part) && (crc32 ?? !direct))
          .map(({ part, crc32 = '' }) => ({
            part,
            method: 'PUT',
            ...(direct
              ? store.sign(id, part, crc32)
              : {
                  url: `parts/${part}`,
                  headers: { 'X-Echo': String(part), ...(crc32 && { 'x-part-crc32': crc32 }) },
                }),
            size: Math.min(partSize, request.size - (part - 1) * partSize),
            expiresAt: new Date(Date.now() + targetLifeMs).toISOString(),
          }))
        return { status: 200, body: { targets, received: formatPartRanges(parts.keys()) } }
      },
      'PUT /uploads/:id/parts/:part': (body, id, part, { headers }) => {
        if (!matches(body, headers['x-part-crc32'])) return refusal(422, 'checksum-mismatch')
        const upload = need(id)
        if (upload.state !== 'open') return refusal(409, 'part-conflict')
        if (!(upload.parts.get(part) ?? body).equals(body)) return refusal(409, 'part-conflict', { part })
        upload.parts.set(part, body)
        const { received, bytesReceived } = view(upload)
        return { status: 200, body: { part, received, bytesReceived } }
      },
      'POST /uploads/:id/complete': (_body, id) => {
        const upload = need(id)
        const { partCount } = view(upload)
        const all = Array.from({ length: partCount }, (_, index) => index + 1)
        const missing = formatPartRanges(all.filter((part) => !upload.parts.has(part)))
        if (missing) return refusal(409, 'parts-missing', { missing })
        upload.state = 'ready'
        return { status: 200, body: { state: 'ready', media: MEDIA } }
      },
      'DELETE /uploads/:id': (_body, id) => {
        need(id).state = 'aborted'
        return { status: 204 }
      },
    }

  const need = (id: string): Upload => {
    const upload = uploads.get(id)
    if (!upload) throw new Error(`no upload ${id}`)
    return upload
  }

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const [, id = '', part = ''] =
      /^\/base\/api\/uploads(?:\/([^/]+))?(?:\/parts\/(\d+))?/.exec(request.url ?? '') ?? []
    const path = (request.url ?? '').replace('/base/api', '').replace(id, ':id').replace(/\d+$/, ':part')
    const route = `${request.method ?? ''} ${id ? path : '/uploads'}`
    const entry = { route, part: Number(part), headers: request.headers }
    seen.push(entry)
    for (const fault of faults) if (await fault(entry, response, request)) return
    const body = await readAll(request)
    reply(response, routes[route]?.(body, id, Number(part), request) ?? refusal(404, 'not-found'))
  }

  const server = await startHttpServer(answer)

  return {
    /** Under a path, as behind a proxy. */
    baseUrl: `${server.origin}/base/`,
    uploads,
    seen,
    wants,
    store,
    count: (route: string) => seen.filter((entry) => entry.route === route).length,
    /** The bytes of an upload, put together. */
    content: (id: string) => {
      const { parts } = need(id)
      return Buffer.concat([...parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes))
    },
    fault: (fault: Fault) => void faults.push(fault),
    clearFaults: () => void faults.splice(0),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}

const matches = (bytes: Buffer | undefined, checksum: unknown) =>
  bytes && crc32(bytes).toString(16).padStart(8, '0') === checksum

export type Answer = { status: number; body?: unknown; headers?: Record<string, string> }

export function reply(response: ServerResponse, { status, body, headers = {} }: Answer) {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}

export const refusal = (status: number, code: Problem['code'], facts: object = {}): Answer => ({
  status,
  body: {
    type: `urn:tapedeck:problem:${code}`,
    title: code,
    status,
    detail: `It is ${code}`,
    code,
    ...facts,
  },
})

/** Answers the first `times` requests of a route in the server's place. */
export function failing(route: string, times: number, answer: Answer): Fault {
  let left = times
  return (seen, response, request) => {
    if (seen.route !== route || left-- <= 0) return false
    request.resume().on('end', () => reply(response, answer))
    return true
  }
}
