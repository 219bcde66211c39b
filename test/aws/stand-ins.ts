import path from 'node:path'
import { startDynamoDb } from '../../src/embedded/dynamodb/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { makeDataDir } from '../support/embedded.ts'
import { startChild } from '../support/s3-child.ts'
import { CREDENTIALS, FIRST_REGION } from '../support/s3.ts'
import type { Usage } from '../support/usage.ts'
import { startUnitMeter } from './unit-meter.ts'

/** The embedded stores as processes of their own, which the SDK takes for AWS, and what is asked of them. */
export async function startStandIns() {
  await using opened = new AsyncDisposableStack()
  const folder = opened.use(await makeDataDir()).path
  const s3 = opened.adopt(await startChild(path.join(folder, 's3')), (child) => child.kill())
  const databaseFile = path.join(folder, 'dynamodb.sqlite')
  const emulator = await startDynamoDb({ databaseFile, clock: systemClock, log: silentLog })
  opened.defer(() => emulator.close())
  const meter = opened.use(await startUnitMeter(emulator.url))
  const all = opened.move()
  return {
    /** "Service-specific endpoints" in the reference of the SDKs; no profile may lead to AWS all the same. */
    env: {
      AWS_ENDPOINT_URL_S3: s3.url,
      AWS_ENDPOINT_URL_DYNAMODB: meter.url,
      AWS_REGION: FIRST_REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      AWS_SESSION_TOKEN: '',
      AWS_PROFILE: '',
    },
    usage: async (): Promise<Usage> => ({ ...(await s3.usage()), ...meter.usage }),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
