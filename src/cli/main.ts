#!/usr/bin/env node
import { parseArgs } from 'node:util'
import packageJson from '../../package.json' with { type: 'json' }
import { InvalidEnvironment } from '../config/index.ts'
import { DataFolderInUse } from '../embedded/s3/index.ts'
import { EmulatorMissing } from '../embedded/dynamodb/index.ts'
import { ToolsMissing } from '../ffmpeg/index.ts'
import { TableMismatch } from '../aws/index.ts'
import { serve } from './serve.ts'

const USAGE = `Usage: tapedeck serve

Serves the page and the API, and converts. Settings are environment variables;
docs/reference/configuration.md lists them.

  -h, --help     show this
  -v, --version  show the version
`

/** Errors whose message is written for the operator: a stack would only hide it. */
const EXPECTED = [InvalidEnvironment, DataFolderInUse, EmulatorMissing, ToolsMissing, TableMismatch]

async function main(args: string[]): Promise<number | undefined> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } },
  })
  if (values.version) process.stdout.write(`${packageJson.version}\n`)
  else if (values.help) process.stdout.write(USAGE)
  else if (positionals.length === 1 && positionals[0] === 'serve') await serve(process.env)
  else {
    process.stderr.write(USAGE)
    return 2
  }
  return undefined
}

main(process.argv.slice(2)).then(
  (exitCode) => {
    if (exitCode !== undefined) process.exitCode = exitCode
  },
  (error: unknown) => {
    const isExpected = EXPECTED.some((kind) => error instanceof kind) || isAddressInUse(error)
    const text = error instanceof Error ? (isExpected ? error.message : error.stack) : String(error)
    process.stderr.write(`Tapedeck cannot start. ${text ?? ''}\n`)
    process.exit(1)
  },
)

function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}
