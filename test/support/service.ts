import {
  createDynamo,
  createPartsS3,
  createS3,
  createSigner,
  ensureBucket,
  type CapacityMeter,
  type StoreClients,
} from '../../src/aws/index.ts'
import { loadConfig } from '../../src/config/index.ts'
import { openStores, type StoreMetrics } from '../../src/cli/stores.ts'
import { createService, type Service } from '../../src/cli/service.ts'
import { createMetrics } from '../../src/http/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLog, type Log } from '../../src/kernel/log.ts'
import { noTracing } from '../../src/kernel/tracing.ts'
import { storesAreElsewhere } from './elsewhere.ts'
import { makeDataDir, makeTables, startStores, type SharedStores } from './embedded.ts'
import { FFMPEG_SETTINGS } from './ffmpeg-paths.ts'
import { PROGRAM_BUCKET } from './program.ts'
import { toolsAt } from './tools.ts'
import { createTurnedClock } from './turned-clock.ts'

export type CapacityUse = Parameters<CapacityMeter>[0]

/** The service inside this process, on stores of its own, with a clock that can be turned forward. */
export type TurnedService = AsyncDisposable & {
  url: string
  service: Service
  stores: StoreClients
  tablePrefix: string
  /** Every call of DynamoDB so far, with what it consumed. */
  uses: readonly CapacityUse[]
  /** Moves the service's time, and not that of its stores, by so many milliseconds. */
  turn(ms: number): void
  /** Wakes what sleeps in the service until a time that has come by turning. */
  wake(): void
}

/** `embedded`: for tests that end a store, which only embedded ones let them. */
export async function startService(
  env: Record<string, string> = {},
  { log = silentLog, embedded = false }: { log?: Log; embedded?: boolean } = {},
): Promise<TurnedService> {
  await using opened = new AsyncDisposableStack()
  const folder = opened.use(await makeDataDir()).path
  const shared =
    storesAreElsewhere && !embedded
      ? opened.use(await startStores({ folder, bucket: PROGRAM_BUCKET }))
      : undefined
  const prefix = shared && { DYNAMODB_TABLE_PREFIX: shared.prefix }
  const config = loadConfig({ DATA_DIR: folder, PORT: '0', ...FFMPEG_SETTINGS, ...prefix, ...env })
  const metrics = createMetrics()
  const uses: CapacityUse[] = []
  const meter: CapacityMeter = (use) => {
    uses.push(use)
    metrics.countUnits(use)
  }
  const watched = { ...metrics, countUnits: meter }
  const stores = shared
    ? await alone(shared, watched)
    : await openStores({ config, clock: systemClock, log, metrics: watched })
  opened.defer(() => stores.close())
  const tools = await toolsAt(config.tools)
  const { clock, turn, wake } = createTurnedClock()
  const service = await createService({
    config,
    stores,
    tools,
    metrics,
    version: '0',
    clock,
    log,
    tracing: noTracing,
  })
  opened.defer(() => service.stop({ withinMs: 1000 }))
  opened.defer(async () => {
    const closed = service.app.close()
    // To Node a connection is not idle on which a client has not asked anything yet.
    service.app.server.closeAllConnections()
    await closed
  })
  const url = await service.app.listen({ port: 0, host: '127.0.0.1' })
  await service.start()
  const all = opened.move()
  return {
    ...{ url, service, stores, uses, tablePrefix: config.tablePrefix },
    ...{ turn, wake },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** Stores that could be shared, for a service that nobody shares them with. */
async function alone(shared: SharedStores, metrics: StoreMetrics): Promise<StoreClients> {
  const { bucket, prefix } = shared
  const [settings, meter] = [{ ...shared.settings, watch: metrics.watch }, metrics.countUnits]
  await Promise.all([ensureBucket(shared.s3, bucket), makeTables(shared, prefix)])
  const s3 = createS3(settings)
  const interactive = createDynamo(settings, 'interactive', meter)
  const background = createDynamo(settings, 'background', meter)
  const close = async () => {
    interactive.destroy()
    background.destroy()
    s3.destroy()
    await shared.close()
  }
  const [partsS3, signer] = [createPartsS3(settings), createSigner(settings)]
  return { s3, partsS3, signer, interactive, background, bucket, exclusive: true, close }
}
