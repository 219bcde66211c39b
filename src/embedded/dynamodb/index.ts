export { DatabaseUnusable, EmulatorMissing, startDynamoDb, type DynamoDbEmulator } from './emulator.ts'
