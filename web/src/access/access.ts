import type { PassView } from '../../../src/contract/access.ts'

/** A pass that ends sooner than this is replaced. */
const MARGIN_MS = 15 * 60_000
/** After a pass could not be had. */
const TRY_AGAIN_MS = 30_000

/** The key as it was typed in, and a pass for what cannot send a key: players, pictures, downloads, streams of events. */
type Kept = { key: string; owner: string; access: string; expiresAt: string }

/** An answer that says that the key opens nothing. */
export class KeyRefused extends Error {
  override readonly name = 'KeyRefused'
}

type AccessParts = {
  /** The browser's `sessionStorage`, which goes with the tab; where it gives none a reload asks again. */
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | undefined
  /** One for each server. */
  name: () => string
  /** Asks the server for a pass. Throws {@link KeyRefused}. */
  askForPass: (key: string) => Promise<PassView>
  /** Milliseconds since 1970. */
  now: () => number
  later: (run: () => void, ms: number) => void
}

/** The way into a server that asks for keys. Without a key everything is as if there were none. */
export function createAccess({ storage, name, askForPass, now, later }: AccessParts) {
  const listeners = new Set<() => void>()
  let kept: Kept | undefined

  function read(): Kept | undefined {
    try {
      return (JSON.parse(storage?.getItem(name()) ?? 'null') as Kept | null) ?? undefined
    } catch {
      return undefined
    }
  }

  function keep(next: Kept | undefined): void {
    kept = next
    try {
      if (next) storage?.setItem(name(), JSON.stringify(next))
      else storage?.removeItem(name())
    } catch {
      // Forbidden: the key is kept as long as the page is.
    }
    for (const tell of listeners) tell()
  }

  async function renew(key: string): Promise<void> {
    const { owner, access, expiresAt } = await askForPass(key)
    if (owner === null || access === null) return // the server has stopped asking for keys
    keep({ key, owner, access, expiresAt })
    renewInTime()
  }

  const timeLeft = () => (kept ? Date.parse(kept.expiresAt) - now() : 0)

  const tryToRenew = (key: string) =>
    renew(key).catch((error: unknown) => {
      if (error instanceof KeyRefused) keep(undefined)
      else renewInTime()
    })

  function renewInTime(): void {
    const inMs = Math.max(TRY_AGAIN_MS, timeLeft() - MARGIN_MS)
    later(() => void (kept && tryToRenew(kept.key)), inMs)
  }

  return {
    /** Whose key it is; undefined without one. */
    owner: () => kept?.owner,
    /** The pass as it is now; it changes from time to time. */
    pass: () => kept?.access,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    headers: (): Record<string, string> => (kept ? { Authorization: `Bearer ${kept.key}` } : {}),
    /** An address that can be read without sending the key. */
    signed: (url: string) =>
      kept ? `${url}${url.includes('?') ? '&' : '?'}access=${encodeURIComponent(kept.access)}` : url,
    /** Takes a key that somebody typed in. Throws {@link KeyRefused}, or what asking the server throws. */
    enter: renew,
    forget: () => keep(undefined),
    /** Takes up what an earlier load of the page left; resolves when its pass is good. Never rejects. */
    revive: async (): Promise<void> => {
      kept = read()
      if (!kept) return
      if (timeLeft() > MARGIN_MS) renewInTime()
      else await tryToRenew(kept.key)
    },
  }
}
