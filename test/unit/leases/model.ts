import type { Step } from './explore.ts'

/** A protocol with one of its guards taken out. */
export type Mutant =
  | 'no fence check'
  | 'no fence in claims'
  | 'no state check'
  | 'shared result key'
  | 'cancel ignored'
  | 'TTL before cleanup'

/**
 * A worker that is idle, converts under a fence, or has a result and wants to commit it under that fence: its own, or one
 * that it adopted.
 */
type Worker = { does: 'nothing' | 'converts' | 'commits'; fence: number; result: number }

/**
 * One job, its objects and two workers, as the repository and the worker treat them. `objects` maps a result's key to
 * the fence of the lease that wrote what lies there now.
 */
export type World = {
  row: 'queued' | 'running' | 'done' | 'failed' | 'cancelled' | 'deleting' | 'gone' | 'absent'
  fence: number
  cancelAsked: boolean
  owner: number
  /** Fence of the result that the row names, and of the lease that committed it. */
  result: number
  by: number
  objects: Record<string, number>
  /** Fences under which a result was finished and could not be committed. */
  receipts: readonly number[]
  workers: readonly Worker[]
  /** A write of a worker that is still on its way: sent twice by the network, or so late that the worker gave it up. */
  late: Late | undefined
}

type Late = { what: 'claim' | 'commit'; at: number; fence: number; result: number }

const IDLE: Worker = { does: 'nothing', fence: 0, result: 0 }
/** Enough for a zombie, the one that follows it, a retry in between, and one more. */
const MOST_LEASES = 4

export const START: World = {
  row: 'queued',
  fence: 0,
  cancelAsked: false,
  owner: -1,
  result: 0,
  by: 0,
  objects: {},
  receipts: [],
  workers: [IDLE, IDLE],
  late: undefined,
}

const isFinal = (row: World['row']) => row === 'done' || row === 'failed' || row === 'cancelled'
const isBuried = (row: World['row']) => row === 'gone' || row === 'absent'

export function stepsOf(world: World, mutant?: Mutant): Step<World>[] {
  return [
    ...world.workers.flatMap((_, at) => workerSteps(world, at, mutant)),
    ...observerSteps(world),
    ...cleanupSteps(world, mutant),
    ...lateSteps(world, mutant),
  ]
}

/** What was under way arrives: it is done if its condition holds, and nobody hears of it. Or it never arrives. */
function lateSteps(world: World, mutant: Mutant | undefined): Step<World>[] {
  const { late } = world
  if (!late) return []
  const { what, at, fence, result } = late
  const without = { ...world, late: undefined }
  const arrived: World =
    what === 'claim'
      ? { ...without, row: 'running', owner: at, fence }
      : { ...without, row: 'done', result, by: fence }
  const writer: Worker = { does: what === 'claim' ? 'converts' : 'commits', fence, result }
  const holds = what === 'claim' ? mayClaim(world, fence, mutant) : allowed(world, writer, at, mutant)
  return [
    { name: `late ${what} of ${at} is lost`, to: without },
    ...(holds ? [{ name: `late ${what} of ${at} arrives`, to: arrived }] : []),
  ]
}

/** The condition of `claim`, less what the mutant forgets. */
const mayClaim = (world: World, fence: number, mutant: Mutant | undefined) =>
  world.row === 'queued' &&
  !world.cancelAsked &&
  (mutant === 'no fence in claims' || world.fence === fence - 1)

function workerSteps(world: World, at: number, mutant: Mutant | undefined): Step<World>[] {
  const worker = world.workers[at] ?? IDLE
  const become = (next: Worker, change: Partial<World> = {}): World => ({
    ...world,
    ...change,
    workers: world.workers.map((one, index) => (index === at ? next : one)),
  })
  const step = (name: string, to: World) => ({ name: `${name} by ${at}`, to })
  if (worker.does === 'nothing')
    return claims(world, at).map(({ name, to, next }) => step(name, become(next, to)))

  const held = world.row === 'running' && world.fence === worker.fence && world.owner === at
  const mayEnd = allowed(world, worker, at, mutant)
  const steps = [step('crash', become(IDLE))]
  if (held && world.cancelAsked) steps.push(step('settle cancelled', become(IDLE, { row: 'cancelled' })))
  if (worker.does === 'converts') {
    const key = mutant === 'shared result key' ? 'result' : `${worker.fence}`
    const objects = { ...world.objects, [key]: worker.fence }
    steps.push(step('store', become({ ...worker, does: 'commits', result: worker.fence }, { objects })))
    const adopted = Math.max(...world.receipts.filter((fence) => fence < worker.fence), 0)
    if (adopted > 0) steps.push(step('adopt', become({ ...worker, does: 'commits', result: adopted })))
    if (mayEnd) steps.push(step('fail', become(IDLE, { row: 'failed' })))
    if (held && !world.cancelAsked) steps.push(step('release', become(IDLE, { row: 'queued' })))
    return steps
  }
  const { fence, result } = worker
  if (result === fence && !world.receipts.includes(fence))
    steps.push(step('leave receipt', become(worker, { receipts: [...world.receipts, fence].sort() })))
  const done = { row: 'done' as const, result, by: fence }
  const late = { what: 'commit' as const, at, fence, result }
  if (mayEnd)
    steps.push(step('commit', become(IDLE, done)), step('commit, answer lost', become(worker, done)))
  else steps.push(step('commit refused', become(IDLE)))
  if (!world.late) steps.push(step('commit, on its way', become(worker, { late })))
  if (mayEnd && !world.late) steps.push(step('commit, sent twice', become(IDLE, { ...done, late })))
  return steps
}

/** A lost answer leaves a lease that nobody knows of; only a takeover ends it. */
function claims(world: World, at: number) {
  if (world.row !== 'queued' || world.cancelAsked || world.fence >= MOST_LEASES) return []
  const fence = world.fence + 1
  const to = { row: 'running' as const, owner: at, fence }
  const next = { does: 'converts' as const, fence, result: 0 }
  const late = { what: 'claim' as const, at, fence, result: 0 }
  const again = [
    { name: 'claim, on its way', to: { late }, next: IDLE },
    { name: 'claim, sent twice', to: { ...to, late }, next },
  ]
  return [
    { name: 'claim', to, next },
    { name: 'claim, answer lost', to, next: IDLE },
    ...(world.late ? [] : again),
  ]
}

/** The condition of `settle`, less what the mutant forgets. */
function allowed(world: World, worker: Worker, at: number, mutant: Mutant | undefined): boolean {
  const holds = mutant === 'no fence check' || (world.fence === worker.fence && world.owner === at)
  const runs =
    mutant === 'no state check' ? !isBuried(world.row) && world.row !== 'deleting' : world.row === 'running'
  return holds && runs && (mutant === 'cancel ignored' || !world.cancelAsked)
}

/** Takeover may be wrong about death at any time: the protocol must not care. Users may cancel at any time. */
function observerSteps(world: World): Step<World>[] {
  if ((world.row === 'failed' || world.row === 'cancelled') && world.fence < MOST_LEASES)
    return [{ name: 'retry', to: { ...world, row: 'queued', fence: world.fence + 1, cancelAsked: false } }]
  if (world.row === 'queued') {
    const given =
      world.fence >= MOST_LEASES ? [{ name: 'give up', to: { ...world, row: 'failed' as const } }] : []
    return [...given, { name: 'cancel waiting', to: { ...world, row: 'cancelled' } }]
  }
  if (world.row !== 'running') return []
  if (world.cancelAsked) return [{ name: 'takeover of cancelled', to: { ...world, row: 'cancelled' } }]
  return [
    { name: 'ask to cancel', to: { ...world, cancelAsked: true } },
    { name: 'takeover', to: { ...world, row: 'queued' } },
  ]
}

function cleanupSteps(world: World, mutant: Mutant | undefined): Step<World>[] {
  const steps: Step<World>[] = []
  if (isFinal(world.row)) steps.push({ name: 'mark deleting', to: { ...world, row: 'deleting' } })
  if (isFinal(world.row) && mutant === 'TTL before cleanup')
    steps.push({ name: 'TTL', to: { ...world, row: 'absent' } })
  if (world.row === 'deleting') {
    steps.push({ name: 'erase', to: { ...world, objects: {}, receipts: [] } })
    if (isEmpty(world)) steps.push({ name: 'bury', to: { ...world, row: 'gone' } })
  }
  if (world.row === 'gone') steps.push({ name: 'TTL', to: { ...world, row: 'absent' } })
  if (isBuried(world.row)) steps.push({ name: 'sweep orphans', to: { ...world, objects: {}, receipts: [] } })
  return steps
}

const isEmpty = ({ objects, receipts }: World) => Object.keys(objects).length + receipts.length === 0

/** What is wrong with a step, in words. */
export function checkStep({ from, to }: { from: World; to: World }): string | undefined {
  if (to.fence < from.fence) return 'a fence fell'
  const resultKey = to.objects['result'] === undefined ? `${to.result}` : 'result'
  const isRetry = from.row !== 'done' && to.row === 'queued' && to.fence > from.fence
  if (isFinal(from.row) && to.row !== from.row && !isRetry && to.row !== 'deleting' && to.row !== 'absent')
    return `an ended job moved from ${from.row} to ${to.row}`
  if (to.row === 'done' && to.cancelAsked) return 'a job was done after it was cancelled'
  if (to.row === 'done' && to.by !== to.fence) return 'a lease that was lost has committed'
  if (to.row === 'done' && to.objects[resultKey] !== to.result)
    return 'the result is not what its lease wrote'
  if (to.row === 'absent' && from.row !== 'absent' && from.row !== 'gone')
    return 'a record vanished before its objects'
  return undefined
}

/** Nothing is left, and nobody works any more. */
export const isFinished = (world: World) =>
  world.row === 'absent' &&
  !world.late &&
  isEmpty(world) &&
  world.workers.every(({ does }) => does === 'nothing')
