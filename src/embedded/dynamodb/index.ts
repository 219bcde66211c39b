export { startDynamoDb, EmulatorMissing, type DynamoDbEmulator } from './emulator.ts'
