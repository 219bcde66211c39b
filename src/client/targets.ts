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

/** Where parts are to be sent: asked for in batches, and again when one has run out. */
export function createTargets({ api, id, ledger, timing }: TargetsParts) {
  const known = new Map<number, Target>()
  let asking: Promise<void> | undefined

  async function ask(first: number): Promise<void> {
    const unknown = ledger.missing().filter((part) => part > first && !known.has(part))
    const want = [first, ...unknown.slice(0, BATCH - 1)].map((part) => ({ part }))
    const { targets, received } = await api.targets(id, { want })
    for (const target of targets) known.set(target.part, target)
    ledger.received(received)
  }

  async function askOnce(part: number): Promise<void> {
    asking ??= ask(part).finally(() => (asking = undefined))
    await asking
  }

  const fresh = (part: number) => {
    const target = known.get(part)
    return target && Date.parse(target.expiresAt) - timing.now() > MARGIN_MS ? target : undefined
  }

  return {
    /** The target of a part, or undefined when the part turns out to be stored already. */
    async take(part: number): Promise<Target | undefined> {
      if (!fresh(part)) {
        known.delete(part)
        if (asking) await asking
        // What was just given is used even if it looks old: this machine's clock may be wrong.
        if (!known.has(part) && !ledger.isStored(part)) await askOnce(part)
      }
      if (ledger.isStored(part)) return undefined
      const target = known.get(part)
      if (!target) throw new Hiccup(`The server named no target for part ${part}`)
      return target
    },
    forget: (part: number) => void known.delete(part),
  }
}
