// Runs the integration and browser suites on AWS and removes what they made: see docs/how-to/testing-against-aws.md.
import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline/promises'
import { HOUR_MS } from '../../src/kernel/units.ts'
import { openRemovers, TEST_PREFIX } from '../support/leftovers.ts'
import { suiteEnvironment } from './access.ts'
import { estimateOf, explainCost } from './estimate.ts'
import { MEASURED } from './measured.ts'
import { parseOptions, Refusal, type Options } from './options.ts'
import { startStandIns } from './stand-ins.ts'
import { leaveNothing, runVitest } from './suites.ts'
import { describeSweep, sweep } from './sweep.ts'

const say = (what: string) => process.stdout.write(`${what}\n`)

async function main(options: Options): Promise<number> {
  await using standIns = options.standIns ? await startStandIns() : undefined
  Object.assign(process.env, standIns?.env)
  const run = randomBytes(4).toString('hex')
  const env = await suiteEnvironment(run)
  using clients = openRemovers({ region: env['AWS_REGION'] })
  if (options.task === 'sweep') return await sweepAll(clients, options)

  say(explainCost(MEASURED))
  if (standIns) say('Against stand-ins on this machine, which cost nothing.')
  else await agree(options)
  say(`What this run makes is called ${TEST_PREFIX}${run}-…`)
  const { code, report } = await leaveNothing(clients, run, () => runVitest(options.files, env))
  say(report)
  if (standIns) {
    const { lines } = estimateOf(await standIns.usage())
    say(['What the stand-ins were asked for:', ...lines].join('\n'))
  }
  return code
}

async function sweepAll(clients: Parameters<typeof sweep>[0], { olderThanHours }: Options): Promise<number> {
  const before = Date.now() - olderThanHours * HOUR_MS
  const swept = await sweep(clients, { prefix: TEST_PREFIX, before })
  say(describeSweep(swept))
  return swept.failures.length === 0 ? 0 : 1
}

/** Nobody pays who did not say so. */
async function agree({ yes }: Options): Promise<void> {
  if (yes) return
  if (!process.stdin.isTTY)
    throw new Refusal('Nothing was begun: say --yes to agree to the cost, or answer at a terminal.')
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question('Run it on your account? [y/N] ')
  terminal.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw new Refusal('Nothing was begun.')
}

try {
  process.exitCode = await main(parseOptions(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}
