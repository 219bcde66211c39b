import { readdir, stat, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createApi } from '../test/support/api.ts'
import { mib, peakMemoryBytes, write } from './meters.ts'
import { PART_BYTES } from './upload-senders.ts'
import type { Stage } from './upload-stage.ts'

/** Two clients with two uploads of six parts each: all places a process has. */
const CLIENTS = ['127.0.0.1', '127.0.0.2']
const PARTS_AT_ONCE = 6
const ROUNDS = 8
const BYTES = Buffer.alloc(PART_BYTES, 'noise')

/** Most memory of a server with as many parts on their way as it takes, above one that has taken some; its temporary files. */
export async function measureMemory(stage: Stage): Promise<void> {
  await using server = await stage.startServer()
  const api = createApi(server.url)
  const size = PARTS_AT_ONCE * ROUNDS * PART_BYTES
  const create = async () => (await api.createUpload('noise.wav', size)).id
  const uploads = await Promise.all(
    [...CLIENTS, ...CLIENTS].map(async (from) => ({ from, id: await create() })),
  )
  await warmUp(server.url, await create())
  await writeFile(`/proc/${server.pid}/clear_refs`, '5') // from now on a new peak (Linux: proc(5))
  const before = await peakMemoryBytes(server.pid)
  const watch = watchFolder(path.join(stage.folder, 'api'))
  const answers = await Promise.all(uploads.map(({ from, id }) => sendRounds(server.url, id, from)))
  const peak = await peakMemoryBytes(server.pid)
  const parts = answers.flat()
  const refused = parts.filter((status) => status !== 200).length
  write(`${parts.length} parts, ${CLIENTS.length * 2 * PARTS_AT_ONCE} at once, ${refused} refused`)
  write(
    `  memory ${mib(before)}, at most ${mib(peak - before)} more; temporary files ${await watch.stop()} bytes`,
  )
}

/** Part after part, so that what is loaded and compiled for the first one is not taken for memory of parts. */
async function warmUp(url: string, id: string): Promise<void> {
  for (let part = 1; part <= PARTS_AT_ONCE; part++)
    await put(`${url}/api/uploads/${id}/parts/${part}`, '127.0.0.1')
}

async function sendRounds(url: string, id: string, from: string): Promise<number[]> {
  const statuses: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const parts = Array.from({ length: PARTS_AT_ONCE }, (_, at) => round * PARTS_AT_ONCE + at + 1)
    statuses.push(
      ...(await Promise.all(parts.map((part) => put(`${url}/api/uploads/${id}/parts/${part}`, from)))),
    )
  }
  return statuses
}

const agents = new Map(CLIENTS.map((from) => [from, new Agent({ keepAlive: true, localAddress: from })]))

function put(url: string, from: string): Promise<number> {
  const agent = agents.get(from)
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'PUT', agent, headers: { 'content-length': BYTES.length } })
    sent.on('error', reject).on('response', (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
    })
    sent.end(BYTES)
  })
}

/** The most bytes that ever lay in a folder while it was watched. */
function watchFolder(folder: string) {
  let most = 0
  const over = new AbortController()
  const look = async () => {
    const names = await readdir(folder, { recursive: true }).catch(() => [])
    const sizes = await Promise.all(
      names.map((name) =>
        stat(path.join(folder, name)).then(
          (found) => (found.isFile() ? found.size : 0),
          () => 0,
        ),
      ),
    )
    most = Math.max(most, ...[sizes.reduce((sum, size) => sum + size, 0)])
  }
  const watching = (async () => {
    while (!over.signal.aborted) {
      await look()
      await delay(20)
    }
  })()
  return {
    async stop(): Promise<number> {
      over.abort()
      await watching
      return most
    },
  }
}
