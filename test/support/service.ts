import { loadConfig } from '../../src/config/index.ts'
import { openStores, type Stores } from '../../src/cli/stores.ts'
import { createService, type Service } from '../../src/cli/service.ts'
import { findTools } from '../../src/ffmpeg/index.ts'
import { createMetrics } from '../../src/http/index.ts'
import { systemClock, type Clock } from '../../src/kernel/clock.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { makeDataDir } from './program.ts'

/** The service inside this process, on embedded stores of its own, with a clock that can be turned forward. */
export type TurnedService = AsyncDisposable & {
  url: string
  service: Service
  stores: Stores
  /** Moves the service's time, and not that of its stores, by so many milliseconds. */
  turn(ms: number): void
}

export async function startService(env: Record<string, string> = {}): Promise<TurnedService> {
  const folder = await makeDataDir()
  const config = loadConfig({ DATA_DIR: folder.path, PORT: '0', ...env })
  const metrics = createMetrics()
  const stores = await openStores({ config, clock: systemClock, log: silentLog, meter: metrics.countUnits })
  const tools = await findTools(config.tools)
  let offset = 0
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + offset }
  const service = await createService({ config, stores, tools, metrics, version: '0', clock, log: silentLog })
  const url = await service.app.listen({ port: 0, host: '127.0.0.1' })
  await service.start()
  return {
    url,
    service,
    stores,
    turn: (ms) => (offset += ms),
    async [Symbol.asyncDispose]() {
      await service.app.close()
      await service.stop({ withinMs: 1000 })
      await stores.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}
