import { pino, type DestinationStream } from 'pino'
import type { Config } from '../config/index.ts'
import { isId } from '../kernel/ids.ts'
import type { Log } from '../kernel/log.ts'
import { partsOfTraceparent } from '../kernel/traceparent.ts'
import { currentContext } from '../kernel/work-context.ts'

const SHOWN_CHARACTERS = 8
/** How pino begins a line below info (pino: "Log level values"). */
const IS_DEBUG = /^\{"level":(10|20),/
/** What could be an id: also after an escape of JSON, as at the beginning of a line of a stack, or of a URL. */
const CANDIDATE = /(?<![0-9a-z]|%[0-9a-f])[0-9a-z]{26}([0-9a-z]{8})?(?![0-9a-z])/g
const ESCAPED = /(?<=\\[bfnrt]|%[0-9A-Fa-f]{2})[0-9a-z]{26}([0-9a-z]{8})?(?![0-9a-z])/g

/**
 * The program's log: JSON lines that bear the ids of the request and the trace they belong to. An id of an upload or a job is the right
 * to use what it names, so in lines of info and above each is shortened, wherever in the line it stands: lines can still
 * be joined by it. Lines of debug have them whole.
 */
export function createLog(
  level: Config['logLevel'],
  destination: DestinationStream = pino.destination(2),
): Log {
  const hooks = { streamWrite: (line: string) => (IS_DEBUG.test(line) ? line : shortenIds(line)) }
  return pino({ level, hooks, mixin: tellWork }, destination)
}

function tellWork() {
  const { requestId, traceparent } = currentContext()
  return {
    ...(requestId !== undefined && { requestId }),
    ...(traceparent !== undefined && { traceId: partsOfTraceparent(traceparent).traceId }),
  }
}

/** A text with every id in it cut to its first characters. */
function shortenIds(text: string): string {
  return text.replace(CANDIDATE, shortened).replace(ESCAPED, shortened)
}

const shortened = (found: string) => (isId(found) ? `${found.slice(0, SHOWN_CHARACTERS)}…` : found)
