import { SECOND_MS } from '../kernel/units.ts'

const LOOK_EVERY_MS = SECOND_MS

/**
 * Calls `onEnd` when the npm that started this program is gone: it forwards SIGINT and SIGTERM, but dies of SIGHUP and
 * leaves its child running. Any other parent, such as a shell, may exit while the program runs on.
 */
export function watchNpm(environment: Record<string, string | undefined>, onEnd: () => void): void {
  if (environment['npm_lifecycle_event'] === undefined) return
  const npm = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === npm) return
    clearInterval(timer)
    onEnd()
  }, LOOK_EVERY_MS)
  timer.unref()
}
