import type { Media } from '../contract/media.ts'
import type { UploadsApi } from './api.ts'
import { UploadFailed } from './failure.ts'
import type { UploadOptions, UploadSource, UploadStep } from './options.ts'
import { createParallelism, eachInParallel } from './parallelism.ts'
import { createPartSender } from './part.ts'
import type { Retry } from './retry.ts'
import { fileChanged, proveSame, type Session } from './session.ts'
import { createTargets } from './targets.ts'
import type { Timing } from './timing.ts'

const MOST_PARALLEL = 6
/** Lacking parts at the end this often, the server does not lack them by accident. */
const MOST_ROUNDS = 5

type DeliveryParts = Pick<UploadOptions, 'baseUrl' | 'transport' | 'maxParallel' | 'on'> & {
  file: UploadSource
  session: Session
  api: UploadsApi
  retry: (signal: AbortSignal) => Retry
  timing: Timing
  signal: AbortSignal
  enter: (step: UploadStep) => void
}

/** Sends all that is missing and finishes the upload; what the server turns out to lack is sent again. */
export async function deliver(parts: DeliveryParts): Promise<Media> {
  const { api, enter, session } = parts
  const send = createSender(parts)
  for (let round = 1; ; round++) {
    enter('sending')
    if (session.open) await send().catch((error: unknown) => settleConflict(error, parts))
    enter('finishing')
    try {
      return (await api.complete(session.upload.id)).media
    } catch (error) {
      const missing = error instanceof UploadFailed && error.problem?.['missing']
      if (typeof missing !== 'string' || round === MOST_ROUNDS) throw error
      session.ledger.lost(missing)
      session.open = true
    }
  }
}

/** Returns the function that sends all that is missing. */
function createSender(parts: DeliveryParts): () => Promise<void> {
  const { api, file, maxParallel = MOST_PARALLEL, on, session, signal, timing } = parts
  const { ledger, upload } = session
  const parallelism = createParallelism(Math.min(maxParallel, upload.maxParallel))
  const targets = createTargets({ api, id: upload.id, ledger, timing })
  const sendPart = createPartSender({ ...parts, ledger, targets, parallelism })
  return async () => {
    await proveSame(file, session, api)
    await eachInParallel(ledger.missing(), parallelism.limit, signal, async (part, stop) => {
      await sendPart(part, stop)
      on?.part?.(part)
    })
  }
}

/** Other bytes are stored for a part; or somebody else has finished the upload, and finishing it tells how it went. */
async function settleConflict(error: unknown, { api, session }: DeliveryParts): Promise<void> {
  if (!(error instanceof UploadFailed) || error.code !== 'part-conflict') throw error
  const { state } = await api.view(session.upload.id)
  if (state === 'open') throw fileChanged()
}
