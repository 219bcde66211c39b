import { createReadStream } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import type { Readable } from 'node:stream'
import { fetchTransport, type Transport } from '../src/client/index.ts'
import { MiB } from '../src/kernel/units.ts'
import { startFaultProxy, type FaultKind, type StoreCall } from '../test/support/fault-proxy.ts'
import { Random } from '../test/support/random.ts'
import { freePort } from './free-port.ts'
import { mib, write } from './meters.ts'
import { startSlowLine } from './slow-line.ts'
import { seconds, sendTapedeck } from './upload-senders.ts'
import { makeFile, type BenchFile, type Stage } from './upload-stage.ts'

const KILLS = 50
const FAULTY_SHARE = 0.2
/** Slow enough that a process has parts on their way whenever it is killed. */
const LINE = { roundTripMs: 60, bytesPerSecond: 4 * MiB }

/** Fifty deaths of the only server, at random moments of one upload. */
export async function measureKills(stage: Stage): Promise<void> {
  const file = await makeFile(stage.folder, 1536 * MiB)
  const port = await freePort()
  const start = () => stage.startServer({ PORT: `${port}` })
  let server = await start()
  await using line = await startSlowLine(server.url, LINE)
  const wire = watchWire()
  const uploaded = new AbortController()
  let kills = 0
  const killing = (async () => {
    const random = new Random(KILLS)
    while (!uploaded.signal.aborted && kills < KILLS) {
      await delay(random.between(100, 2000))
      await server.kill('SIGKILL')
      kills += 1
      server = await start()
    }
  })()
  let id = ''
  const took = await seconds(async () => {
    ;({ id } = await sendTapedeck(line.url, file, { transport: wire.transport }))
  })
  uploaded.abort()
  await killing
  write(`${kills} times kill -9, ${took.toFixed(0)} s`)
  await report(stage, file, id, wire)
  await server[Symbol.asyncDispose]()
}

/** A fifth of all parts fails: refused with 503, cut off, or never answered. */
export async function measureFaults(stage: Stage): Promise<void> {
  const file = await makeFile(stage.folder, 768 * MiB)
  await using server = await stage.startServer()
  await using line = await startFaultProxy(server.url)
  const only = ({ method, path }: StoreCall) => method === 'PUT' && path.includes('/parts/')
  const kinds: FaultKind[] = ['throttle', 'reset', 'hang']
  // The first that strikes counts: a third of the share each.
  line.set(
    ...kinds.map((kind, at) => ({ kind, only, share: FAULTY_SHARE / 3 / (1 - (at * FAULTY_SHARE) / 3) })),
  )
  const wire = watchWire()
  let id = ''
  const took = await seconds(async () => {
    ;({ id } = await sendTapedeck(line.url, file, { transport: wire.transport }))
  })
  write(`${line.struck()} parts refused, cut off or left without an answer, ${took.toFixed(0)} s`)
  await report(stage, file, id, wire)
}

type Wire = ReturnType<typeof watchWire>

/** Counts what goes over the wire, and whether anything is sent again that was acknowledged. */
function watchWire() {
  const acknowledged = new Set<string>()
  const counts = { requests: 0, failed: 0, needless: 0 }
  const transport: Transport = async (request) => {
    counts.requests += 1
    if (acknowledged.has(request.url)) counts.needless += 1
    try {
      const reply = await fetchTransport(request)
      if (reply.status === 200) acknowledged.add(request.url)
      else counts.failed += 1
      return reply
    } catch (error) {
      counts.failed += 1
      throw error
    }
  }
  return { transport, counts }
}

async function report({ s3 }: Stage, file: BenchFile, id: string, { counts }: Wire): Promise<void> {
  const { Body } = await s3.client.send(
    new GetObjectCommand({ Bucket: s3.bucket, Key: `uploads/${id}/source` }),
  )
  const [stored, sent] = await Promise.all([crcOf(Body as Readable), crcOf(createReadStream(file.path))])
  const { requests, failed, needless } = counts
  write(
    `  ${mib(file.size)} in ${requests} requests, ${failed} failed; parts sent again after a yes: ${needless}`,
  )
  write(`  CRC-32 of the object ${stored === sent ? 'is that of the file' : 'DIFFERS from that of the file'}`)
}

async function crcOf(stream: AsyncIterable<unknown>): Promise<number> {
  let crc = 0
  for await (const chunk of stream) crc = crc32(chunk as Uint8Array, crc)
  return crc
}
