/** Environment → Config. Nothing else reads the environment. */
export { isApiKeyList } from './api-keys.ts'
export { Environment, InvalidEnvironment, loadConfig, type Config } from './config.ts'
export type { StoreMode } from './stores.ts'
export type { TracesConfig } from './traces.ts'
