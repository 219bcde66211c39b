import { askBucket, bucketExists, inspectTable, type StoreClients } from '../aws/index.ts'
import { MINUTE_MS, SECOND_MS } from '../kernel/units.ts'
import { progressTable } from '../progress/index.ts'
import { fail, ok, warn, type Check, type Finding } from './check.ts'
import { explain, nameOf } from './explain.ts'
import type { Patient } from './patient.ts'

/** Who the service is to the stores, and whether their clocks agree with ours. */
export const accessChecks = (patient: Patient): Check[] => [credentials(patient), clock(patient)]

/** What DynamoDB and S3 answer to a key or signature that they do not take ("Common errors", "Error responses"). */
const NOT_LET_IN = new Set([
  ...['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'AuthorizationHeaderMalformed', 'InvalidToken'],
  ...['ExpiredToken', 'ExpiredTokenException', 'UnrecognizedClientException', 'InvalidClientTokenId'],
  ...['InvalidSignatureException', 'IncompleteSignature', 'IncompleteSignatureException'],
  ...['MissingAuthenticationToken', 'MissingAuthenticationTokenException'],
])

const credentials = (patient: Patient): Check => ({
  name: 'credentials',
  needs: ['stores'],
  ifItThrows:
    'Give the process credentials that the AWS SDK finds: a role of its task or instance, a profile, or AWS_ACCESS_KEY_ID ' +
    'with AWS_SECRET_ACCESS_KEY.',
  async look() {
    const { s3, background, bucket } = patient.stores.get()
    const { tablePrefix } = patient.config.get()
    const { accessKeyId, expiration } = await s3.config.credentials()
    const asked = {
      S3: () => askBucket(s3, bucket),
      DynamoDB: () => inspectTable(background, progressTable(tablePrefix)),
    }
    for (const [store, ask] of Object.entries(asked)) {
      const refusal = await refusalOf(ask)
      if (refusal !== undefined)
        return fail(
          `${store} does not take the credentials: ${refusal}`,
          'Correct key, secret and AWS_REGION.',
        )
    }
    const until = expiration ? `, good until ${expiration.toISOString()}` : ''
    return ok(`The key that ends in ${accessKeyId.slice(-4)} is taken by both stores${until}.`)
  },
})

/** Why somebody is not let in at all; what else goes wrong is told by the checks to come. */
async function refusalOf(ask: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await ask()
  } catch (error) {
    if (NOT_LET_IN.has(nameOf(error))) return explain(error)
  }
  return undefined
}

/** Signatures are good for 5 minutes with DynamoDB, and with S3 for 15 (AWS: "Signature Version 4", "Error responses"). */
const TOLERATED_MS = { DynamoDB: 5 * MINUTE_MS, S3: 15 * MINUTE_MS }
/** More than NTP leaves anywhere. Jobs that another process queued wait as long as our clock is behind. */
const NOTICED_MS = 10 * SECOND_MS

const clock = (patient: Patient): Check => ({
  name: 'clock',
  needs: ['stores'],
  ifItThrows: 'Have the stores reachable; see the other checks.',
  async look() {
    await callBoth(patient.stores.get(), progressTable(patient.config.get().tablePrefix))
    const { state, objects } = patient.ahead.get()
    return verdict({ DynamoDB: state(), S3: objects() })
  },
})

/** An answer that refuses has the time, too. */
async function callBoth(
  { s3, background, bucket }: StoreClients,
  table: ReturnType<typeof progressTable>,
): Promise<void> {
  await Promise.allSettled([bucketExists(s3, bucket), inspectTable(background, table)])
}

const SYNCHRONISE = 'Keep the clock of this machine by NTP.'

function verdict(ahead: Record<keyof typeof TOLERATED_MS, number | undefined>): Finding {
  const heard = Object.entries(ahead).filter(
    (one): one is [keyof typeof TOLERATED_MS, number] => one[1] !== undefined,
  )
  if (heard.length === 0)
    return fail('Neither store answered with a time.', 'See why the stores cannot be reached.')
  const found = `The clock is ${heard.map(told).join(' and ')}`
  if (heard.some(([store, ms]) => Math.abs(ms) >= TOLERATED_MS[store]))
    return fail(`${found}; requests signed by it are refused.`, SYNCHRONISE)
  const isNoticed = heard.some(([, ms]) => Math.abs(ms) >= NOTICED_MS)
  return isNoticed ? warn(`${found}.`, SYNCHRONISE) : ok(`${found}.`)
}

/** Stores tell whole seconds. */
function told([store, ms]: [string, number]): string {
  const seconds = Math.round(Math.abs(ms) / SECOND_MS)
  return seconds < 1 ? `that of ${store}` : `${seconds} s ${ms < 0 ? 'behind' : 'ahead of'} that of ${store}`
}
