import type { StoreMode } from './stores.ts'

/**
 * Where workers reach DynamoDB over a network: a heartbeat may take the background client's four attempts of 3 s each,
 * and a garbage collection or a paused virtual machine some seconds more, before a living worker looks dead.
 */
const MIN_OVER_NETWORK_SECONDS = 20

/** Below the safe value the timeout is accepted only where DynamoDB, and so every worker, is on this machine. */
export function checkHeartbeatTimeout(seconds: number, stores: StoreMode): string[] {
  if (seconds >= MIN_OVER_NETWORK_SECONDS || isOnThisMachine(stores)) return []
  return [
    `HEARTBEAT_TIMEOUT_SECONDS: Too small: expected number to be >=${MIN_OVER_NETWORK_SECONDS} unless DYNAMODB_ENDPOINT is a ` +
      'loopback address, since slow answers of a network would make living workers look dead',
  ]
}

function isOnThisMachine(stores: StoreMode): boolean {
  if (stores.kind === 'embedded') return true
  if (stores.kind === 'aws' || !stores.dynamodbEndpoint) return false
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(stores.dynamodbEndpoint).hostname)
}
