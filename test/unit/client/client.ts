import { fetchTransport, startUpload, type Timing, type UploadOptions } from '../../../src/client/index.ts'
import { startUploadServer } from './upload-server.ts'

/** Time that passes only by sleeping, and timers that go off only when told. */
export function testTiming() {
  const slept: number[] = []
  const timers = new Set<() => void>()
  let now = Date.now()
  const timing: Timing = {
    now: () => now,
    sleep(ms) {
      slept.push(ms)
      now += ms
      return Promise.resolve()
    },
    timer(_ms, fire) {
      timers.add(fire)
      return () => timers.delete(fire)
    },
    random: () => 0.5,
  }
  return { timing, slept, timers, pass: (ms: number) => (now += ms) }
}

const sourceOf = (bytes: Uint8Array<ArrayBuffer>, name = 'tone.wav') =>
  Object.assign(new Blob([bytes]), { name })

/** Bytes no two parts of which are alike. */
export const noise = (length: number) =>
  Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 255)

/** A server with one file to send to it, and a record of all that the client tells. */
export async function setUp(server: Parameters<typeof startUploadServer>[0] = {}, bytes = noise(9500)) {
  const running = await startUploadServer(server)
  const time = testTiming()
  const progress: number[] = []
  const states: string[] = []
  const parts: number[] = []
  const source = sourceOf(bytes)
  const start = (options: Partial<UploadOptions> = {}) =>
    startUpload(source, {
      baseUrl: running.baseUrl,
      transport: fetchTransport,
      timing: time.timing,
      on: {
        progress: ({ bytes: sent, size }) => progress.push(sent / size),
        state: (step) => states.push(step),
        part: (part) => parts.push(part),
      },
      ...options,
    })
  const partSize = server.partSize ?? 1000
  const part = (number: number) => Buffer.from(bytes.slice((number - 1) * partSize, number * partSize))
  return {
    server: running,
    bytes,
    /** The bytes of one part. */
    part,
    /** An upload, `up-0`, of which the server has these parts. */
    async begin(stored: number[]) {
      const { name, size } = source
      const body = JSON.stringify({ name, size })
      await fetch(new URL('api/uploads', running.baseUrl), { method: 'POST', body })
      for (const number of stored) running.uploads.get('up-0')?.parts.set(number, part(number))
    },
    source,
    start,
    upload: (options?: Partial<UploadOptions>) => start(options).finished,
    progress,
    states,
    parts,
    ...time,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}

/** What an upload fails with. */
export const failure = (upload: Promise<unknown>) => upload.catch((error: unknown) => error)
