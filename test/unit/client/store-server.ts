import type { IncomingHttpHeaders } from 'node:http'
import { crc32 } from 'node:zlib'
import { readAll, startHttpServer } from './http-server.ts'

const CHECKSUM = 'x-amz-checksum-crc32'

type Put = { part: number; headers: IncomingHttpHeaders; body: Buffer }
/** The code of a refusal, or undefined to let the store decide. */
type Refuse = (put: Put) => string | undefined

/** An object store elsewhere: takes the bytes a URL was signed for and no others, and answers in XML. */
export async function startStore(keep: (id: string, part: number, bytes: Buffer) => void) {
  const puts: Put[] = []
  const faults: Refuse[] = []
  const server = await startHttpServer(async (request, response) => {
    const { searchParams: query } = new URL(request.url ?? '', 'http://store')
    const body = await readAll(request)
    const put = { part: Number(query.get('part')), headers: request.headers, body }
    puts.push(put)
    const code =
      faults.map((refuse) => refuse(put)).find(Boolean) ?? refusalOf(put, query.get('signed') ?? '')
    if (code) {
      response.writeHead(code === 'SlowDown' ? 503 : code === 'BadDigest' ? 400 : 403)
      response.end(`<Error><Code>${code}</Code></Error>`)
      return
    }
    keep(query.get('id') ?? '', put.part, body)
    response.end()
  })

  return {
    ...server,
    puts,
    fault: (refuse: Refuse) => void faults.push(refuse),
    /** Where one part is to go. `crc32` as hex digits. */
    sign(id: string, part: number, crc32: string) {
      const checksum = Buffer.from(crc32, 'hex').toString('base64')
      const query = new URLSearchParams({ id, part: String(part), signed: checksum })
      return { url: `${server.origin}/key?${query.toString()}`, headers: { [CHECKSUM]: checksum } }
    },
  }
}

function refusalOf({ headers, body }: Put, signed: string): string | undefined {
  if (headers[CHECKSUM] !== signed || headers['x-part-crc32'] !== undefined) return 'SignatureDoesNotMatch'
  return Buffer.from(signed, 'base64').readUInt32BE() === crc32(body) ? undefined : 'BadDigest'
}
