import { createRequire } from 'node:module'
import path from 'node:path'

/** No emulator binary for this platform. The message says what to do. */
export class EmulatorMissing extends Error {
  constructor() {
    super(
      `The embedded DynamoDB emulator is not there for ${process.platform} ${process.arch}. ` +
        'Install dynoxide (cargo install dynoxide) so that it is on PATH, or set DYNAMODB_ENDPOINT and S3_BUCKET_NAME.',
    )
  }
}

/** The `dynoxide` binary of the npm package for this platform, else the name alone, for the shell to find on PATH. */
export function emulatorCommand(): string {
  try {
    const manifest = `@dynoxide/${process.platform}-${process.arch}/package.json`
    return path.join(path.dirname(createRequire(import.meta.url).resolve(manifest)), 'dynoxide')
  } catch {
    return 'dynoxide' // an optional dependency: other platforms do without the package
  }
}
