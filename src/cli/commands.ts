import { parseArgs } from 'node:util'
import packageJson from '../../package.json' with { type: 'json' }
import { newKey } from '../access/index.ts'
import { InvalidEnvironment, isApiKeyList } from '../config/index.ts'
import { DataFolderInUse } from '../embedded/s3/index.ts'
import { DatabaseUnusable, EmulatorMissing } from '../embedded/dynamodb/index.ts'
import { ToolsMissing } from '../ffmpeg/index.ts'
import { errorCode } from '../kernel/error-code.ts'
import { TableMismatch } from '../aws/index.ts'
import { CredentialsDamaged, DataFolderUnusable } from './credentials.ts'
import { doctor, doctorOptions, type DoctorFlags } from './doctor.ts'
import { serve, sweep } from './serve.ts'
import { StoresUnusable } from './stores.ts'

const USAGE = `Usage: tapedeck <command>

  serve  serves the page and the API, and converts
  key    makes an API key for an owner, as in "tapedeck key anna"
  doctor checks an installation, also one that runs, and prints what it found.
         --json               as one JSON document
         --live               also waits until DynamoDB has deleted a row
         --live-timeout <h>   for so many hours at most (48)
  sweep  removes what has expired, once, and prints what it was; for cron.
         With embedded stores while they are in use: POST /api/cleanup.

Settings are environment variables; docs/reference/configuration.md lists them.

  -h, --help     show this
  -v, --version  show the version
`

/** Errors whose message is written for the operator: a stack would only hide it. */
const EXPECTED = [
  CredentialsDamaged,
  DatabaseUnusable,
  DataFolderInUse,
  DataFolderUnusable,
  EmulatorMissing,
  InvalidEnvironment,
  StoresUnusable,
  TableMismatch,
  ToolsMissing,
]

/** Runs the command that the arguments name; gives the exit code where it ends by itself. */
export async function main(args: string[]): Promise<number | undefined> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...{ help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } },
      ...{ json: { type: 'boolean' }, live: { type: 'boolean' }, 'live-timeout': { type: 'string' } },
    },
  })
  const { help, version, ...flags } = values
  if (version) process.stdout.write(`${packageJson.version}\n`)
  else if (help) process.stdout.write(USAGE)
  else return run(positionals, flags)
  return undefined
}

async function run([command, ...rest]: string[], flags: DoctorFlags): Promise<number | undefined> {
  const options = doctorOptions(flags)
  if (command === 'doctor' && rest.length === 0 && options)
    return (await doctor(process.env, options)) ? 0 : 1
  else if (Object.keys(flags).length > 0) return refuse()
  else if (command === 'serve' && rest.length === 0) await serve(process.env)
  else if (command === 'sweep' && rest.length === 0) return (await sweep(process.env)) ? 0 : 1
  else if (command === 'key' && rest.length === 1) return tellNewKey(rest[0] ?? '')
  else return refuse()
  return undefined
}

function refuse(): number {
  process.stderr.write(USAGE)
  return 2
}

function tellNewKey(owner: string): number {
  const { key, entry } = newKey(owner)
  if (!isApiKeyList(entry)) {
    process.stderr.write('An owner is 1 to 32 letters, digits, - and _, and begins with a letter or digit.\n')
    return 2
  }
  process.stdout.write(`key    ${key}\nentry  ${entry}\n`)
  return 0
}

/** What the operator has to know of an error that ended the program. */
export function tell(error: unknown): string {
  const isExpected = EXPECTED.some((kind) => error instanceof kind) || isAddressInUse(error)
  const text = error instanceof Error ? (isExpected ? error.message : error.stack) : String(error)
  return `Tapedeck cannot start. ${text ?? ''}\n`
}

function isAddressInUse(error: unknown): boolean {
  return errorCode(error) === 'EADDRINUSE'
}
