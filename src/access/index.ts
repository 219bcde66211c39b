/** Who may use the API: keys, and links that are signed with them. */
export { Keyring, type ApiKey, type KnownKey } from './keyring.ts'
export { signGrant, verifyGrant, type Grant } from './grants.ts'
export { newKey } from './new-key.ts'
