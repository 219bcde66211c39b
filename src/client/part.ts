import type { Target } from '../contract/uploads.ts'
import { asHiccup } from './api.ts'
import { crc32Hex } from './crc32.ts'
import { Hiccup, UploadFailed } from './failure.ts'
import type { Ledger } from './ledger.ts'
import type { Parallelism } from './parallelism.ts'
import { judge } from './reply.ts'
import type { Retry } from './retry.ts'
import type { Targets } from './targets.ts'
import type { Timing } from './timing.ts'
import type { Transport } from './transport.ts'
import { watched } from './watchdog.ts'

const STALL_MS = 30_000
/** Damaged this often, a part is not unlucky: something on the way changes it each time. */
const DAMAGED_AT_MOST = 4

type PartSenderParts = {
  file: Blob
  baseUrl: string
  ledger: Ledger
  targets: Targets
  parallelism: Parallelism
  retry: (signal: AbortSignal) => Retry
  timing: Timing
  transport: Transport
}

/** Returns the function that sends one part until it is stored. */
export function createPartSender(parts: PartSenderParts) {
  const { ledger, parallelism, targets } = parts

  return async (part: number, signal: AbortSignal): Promise<void> => {
    let mark = parallelism.mark()
    let failures = 0
    let damaged = 0
    const attempt = async () => {
      mark = parallelism.mark()
      const target = await targets.take(part)
      if (target) await sendOnce(parts, part, target, signal)
    }
    await parts.retry(signal)(attempt, (hiccup) => {
      failures++
      ledger.sent(part, 0)
      if (hiccup.overload) parallelism.strained(mark)
      else if (++damaged === DAMAGED_AT_MOST) throw new UploadFailed('checksum-mismatch', hiccup.message)
    })
    ledger.stored(part)
    targets.forget(part)
    if (failures === 0) parallelism.clean()
  }
}

async function sendOnce(
  parts: PartSenderParts,
  part: number,
  target: Target,
  outer: AbortSignal,
): Promise<void> {
  const { baseUrl, ledger, targets, timing, transport } = parts
  const body = await read(parts.file, ...ledger.bounds(part))
  const { method, url } = target
  // A target elsewhere is signed as it stands and may not allow a header it does not name.
  const ours = new URL(url).origin === new URL(baseUrl).origin ? { 'X-Part-Crc32': crc32Hex(body) } : {}
  await watched(timing, STALL_MS, outer, async (signal, alive) => {
    const onProgress = (bytes: number) => {
      alive()
      ledger.sent(part, bytes)
    }
    try {
      const headers = { ...ours, ...target.headers }
      const reply = await transport({ method, url, headers, body, signal, onProgress })
      judge(reply, timing.now())
    } catch (error) {
      // A refusal in somebody else's words is most likely a target that ran out: the server knows.
      if (error instanceof UploadFailed && error.code === 'refused') {
        targets.forget(part)
        throw new Hiccup(error.message, { cause: error, overload: true })
      }
      throw asHiccup(error, signal)
    }
  })
}

async function read(file: Blob, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await file.slice(start, end).arrayBuffer())
  } catch (cause) {
    throw new UploadFailed('file-unreadable', 'The file cannot be read any more', { cause })
  }
}
