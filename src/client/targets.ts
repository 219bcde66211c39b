import type { Target } from '../contract/uploads.ts'
import type { UploadsApi } from './api.ts'
import { Hiccup } from './failure.ts'
import type { Ledger } from './ledger.ts'
import type { Timing } from './timing.ts'

/** The most parts one call may ask for. */
const BATCH = 100
/** A target that ends sooner than this is not worth starting on. */
const MARGIN_MS = 10_000

type TargetsParts = { api: UploadsApi; id: string; ledger: Ledger; timing: Timing }
export type Targets = ReturnType<typeof createTargets>

/** Where parts are to be sent: asked for in batches where the server allows it, and again when one has run out. */
export function createTargets({ api, id, ledger, timing }: TargetsParts) {
  const known = new Map<number, Target>()
  /** Whether the server wants the checksum of a part first, as it must where the store verifies the part. */
  let oneByOne = false
  let batch: Promise<void> | undefined

  async function ask(part: number, crc32: string): Promise<void> {
    const unknown = ledger.missing().filter((other) => other !== part && !known.has(other))
    const others = unknown.slice(0, oneByOne ? 0 : BATCH - 1)
    const want = [{ part, crc32 }, ...others.map((other) => ({ part: other }))]
    const { targets, received } = await api.targets(id, { want })
    for (const target of targets) known.set(target.part, target)
    ledger.received(received)
    oneByOne ||= others.some((other) => !known.has(other) && !ledger.isStored(other))
  }

  return {
    /** The target of a part with these bytes, or undefined when the part turns out to be stored already. */
    async take(part: number, crc32: string): Promise<Target | undefined> {
      const before = known.get(part)
      if (!before || Date.parse(before.expiresAt) - timing.now() <= MARGIN_MS) {
        known.delete(part)
        while (batch && !known.has(part)) await batch
        // What was just given is used even if it looks old: this machine's clock may be wrong.
        if (!known.has(part) && !ledger.isStored(part)) {
          const asking = ask(part, crc32).finally(() => (batch = undefined))
          if (!oneByOne) batch = asking
          await asking
        }
      }
      if (ledger.isStored(part)) return undefined
      const target = known.get(part)
      if (!target) throw new Hiccup(`The server named no target for part ${part}`)
      return target
    },
    forget: (part: number) => void known.delete(part),
  }
}
