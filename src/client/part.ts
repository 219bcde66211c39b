import type { Target } from '../contract/uploads.ts'
import { asHiccup } from './api.ts'
import { Hiccup, UploadFailed } from './failure.ts'
import type { Ledger } from './ledger.ts'
import type { Parallelism } from './parallelism.ts'
import { readPart } from './part-bytes.ts'
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
    let mark = 0
    let failures = 0
    let damaged = 0
    const attempt = async () => {
      mark = parallelism.mark()
      if (ledger.isStored(part)) return
      const bytes = await readPart(parts.file, ...ledger.bounds(part))
      const target = await targets.take(part, bytes.crc32)
      if (target) await sendOnce(parts, target, bytes, signal)
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
  { baseUrl, ledger, targets, timing, transport }: PartSenderParts,
  target: Target,
  { body, crc32 }: Awaited<ReturnType<typeof readPart>>,
  outer: AbortSignal,
): Promise<void> {
  const { method, part, url } = target
  const named = new Headers(target.headers)
  // A target elsewhere is signed as it stands and may not allow a header it does not name.
  if (new URL(url).origin === new URL(baseUrl).origin) named.set('X-Part-Crc32', crc32)
  const headers = Object.fromEntries(named)
  await watched(timing, STALL_MS, outer, async (signal, alive) => {
    const onProgress = (bytes: number) => {
      alive()
      ledger.sent(part, bytes)
    }
    try {
      const reply = await transport({ method, url, headers, body, signal, onProgress })
      judge(reply, timing.now())
    } catch (error) {
      // A refusal in somebody else's words is most likely a target that ran out: the server knows.
      if (error instanceof UploadFailed && error.code === 'refused') {
        targets.forget(part)
        throw new Hiccup(error.message, { cause: error })
      }
      throw asHiccup(error, signal)
    }
  })
}
