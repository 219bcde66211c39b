import { accessChecks } from './access-checks.ts'
import { fail, ok, type Check, type CheckResult } from './check.ts'
import { conversionChecks } from './conversion-checks.ts'
import { examine } from './examine.ts'
import { explain } from './explain.ts'
import { machineChecks } from './machine-checks.ts'
import { objectChecks } from './object-checks.ts'
import { createPatient, type DoctorParts, type Patient } from './patient.ts'
import { liveChecks, stateChecks } from './state-checks.ts'

/**
 * Checks an installation, also one that runs, and takes away whatever it made for that, also when it is stopped by
 * `signal`. Gives each finding as soon as it is there.
 */
export async function* diagnose(parts: DoctorParts, signal: AbortSignal): AsyncGenerator<CheckResult> {
  const patient = createPatient(parts)
  const all = [machineChecks, accessChecks, stateChecks, objectChecks, conversionChecks]
  const examined = { clock: parts.clock, signal, well: new Set<string>() }
  try {
    const checks = all.flatMap((checksOf): Check[] => checksOf(patient))
    for await (const result of examine(checks, examined)) yield await redacted(patient, result)
    yield await redacted(patient, await cleanup(patient))
    // It may take days: nothing else is kept for so long.
    for await (const result of examine(liveChecks(patient), examined)) yield await redacted(patient, result)
  } finally {
    await patient.traces.clear()
    await patient.stores.peek()?.close()
  }
}

async function cleanup({ traces, clock }: Patient): Promise<CheckResult> {
  const begunAt = clock.now()
  const { removed, expiring, left } = await traces.clear()
  const found = left.map(({ what, error }) => `${what}: ${explain(error)}`).join('; ')
  const finding =
    left.length === 0
      ? ok(
          removed === 0
            ? 'Nothing was made.'
            : `Everything that was made for this is removed.${rest(expiring)}`,
        )
      : fail(`Not removed: ${found}`, 'It expires by itself, and cleanup removes it then.')
  return { name: 'cleanup', ...finding, durationMs: clock.now() - begunAt }
}

/** A job leaves a tombstone as any other that was deleted, and a worker its page. */
const rest = (expiring: readonly string[]) =>
  expiring.length === 0
    ? ''
    : ` Of ${expiring.join(' and ')} a row stays for some days, by its ttl: this role may not delete it.`

/** Stores and systems say what they want in their errors. */
async function redacted({ secrets, stores }: Patient, result: CheckResult): Promise<CheckResult> {
  const found = await stores
    .peek()
    ?.s3.config.credentials()
    .catch(() => undefined)
  const all = [...secrets, found?.secretAccessKey, found?.sessionToken].filter(
    (one) => one !== undefined && one !== '',
  )
  const clean = (text: string) => all.reduce<string>((left, one) => left.replaceAll(one ?? '', '…'), text)
  const { advice } = result
  return { ...result, found: clean(result.found), ...(advice !== undefined && { advice: clean(advice) }) }
}
