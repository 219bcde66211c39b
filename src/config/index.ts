/** Environment → Config. Nothing else reads the environment. */
export { Environment, InvalidEnvironment, loadConfig, type Config } from './config.ts'
export type { StoreMode } from './stores.ts'
