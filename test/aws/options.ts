import { parseArgs } from 'node:util'

/** Why nothing was begun, in one sentence. */
export class Refusal extends Error {}

export type Options = {
  task: 'run' | 'sweep'
  /** Stores of this machine instead of AWS, for a rehearsal. */
  standIns: boolean
  /** What a run costs is agreed to. */
  yes: boolean
  /** Sweep only what is older than so many hours. */
  olderThanHours: number
  /** Test files, by parts of their names; none: all. */
  files: string[]
}

/** Throws a {@link Refusal} where it makes no sense. */
export function parseOptions(args: string[]): Options {
  const { values, positionals: files } = read(args)
  const { sweep = false, yes = false, 'stand-ins': standIns = false, 'older-than': olderThan } = values
  const olderThanHours = Number(olderThan ?? 0)
  if (!sweep && olderThan !== undefined) throw new Refusal('--older-than goes with --sweep.')
  if (sweep && (standIns || files.length > 0))
    throw new Refusal('--sweep takes no test files, and stand-ins have nothing from before.')
  if (!(olderThanHours >= 0)) throw new Refusal('--older-than takes a number of hours.')
  return { task: sweep ? 'sweep' : 'run', standIns, yes, olderThanHours, files }
}

function read(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        sweep: { type: 'boolean' },
        'older-than': { type: 'string' },
        'stand-ins': { type: 'boolean' },
        yes: { type: 'boolean' },
      },
    })
  } catch (error) {
    throw new Refusal(error instanceof Error ? error.message : String(error))
  }
}
