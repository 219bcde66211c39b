import type { Clock } from '../kernel/clock.ts'
import { fail, skipped, type Check, type CheckResult, type Finding } from './check.ts'
import { explain } from './explain.ts'

/** `well`: names of checks that went well, those before these included. */
type Examined = { clock: Pick<Clock, 'now'>; signal: AbortSignal; well: Set<string> }

/** Looks at everything in turn. A check that fails takes along only those that need it. */
export async function* examine(
  checks: readonly Check[],
  { clock, signal, well }: Examined,
): AsyncGenerator<CheckResult> {
  for (const check of checks) {
    const begunAt = clock.now()
    const missing = check.needs.find((name) => !well.has(name))
    const finding = missing === undefined ? await look(check, signal) : skipped(`It needs "${missing}".`)
    if (finding.status === 'ok' || finding.status === 'warn') well.add(check.name)
    yield { name: check.name, ...finding, durationMs: clock.now() - begunAt }
  }
}

async function look(check: Check, signal: AbortSignal): Promise<Finding> {
  if (signal.aborted) return fail('It was not looked at, since the doctor was stopped.', 'Run it again.')
  try {
    return await check.look(signal)
  } catch (error) {
    return fail(explain(error), check.ifItThrows)
  }
}
