import type { Step } from './explore.ts'

/** A protocol with one of its guards taken out. */
export type Mutant =
  'no fence check' | 'no state check' | 'shared result key' | 'cancel ignored' | 'TTL before cleanup'

/** A worker that is idle, converts under a fence, or has stored its result under that fence and wants to commit. */
type Worker = { does: 'nothing' | 'converts' | 'commits'; fence: number }

/**
 * One job, its objects and two workers, as the repository and the worker treat them. `objects` maps a result's key to
 * the fence of the lease that wrote what lies there now.
 */
export type World = {
  row: 'queued' | 'running' | 'done' | 'failed' | 'cancelled' | 'deleting' | 'gone' | 'absent'
  fence: number
  cancelAsked: boolean
  owner: number
  /** Fence of the result that the row names. */
  result: number
  objects: Record<string, number>
  workers: readonly Worker[]
}

const IDLE: Worker = { does: 'nothing', fence: 0 }
/** Three leases are enough for a zombie, the one that follows it, and one more. */
const MOST_LEASES = 3

export const START: World = {
  row: 'queued',
  fence: 0,
  cancelAsked: false,
  owner: -1,
  result: 0,
  objects: {},
  workers: [IDLE, IDLE],
}

const isFinal = (row: World['row']) => row === 'done' || row === 'failed' || row === 'cancelled'
const isBuried = (row: World['row']) => row === 'gone' || row === 'absent'

export function stepsOf(world: World, mutant?: Mutant): Step<World>[] {
  return [
    ...world.workers.flatMap((_, at) => workerSteps(world, at, mutant)),
    ...observerSteps(world),
    ...cleanupSteps(world, mutant),
  ]
}

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
    steps.push(step('store', become({ ...worker, does: 'commits' }, { objects })))
    if (mayEnd) steps.push(step('fail', become(IDLE, { row: 'failed' })))
    if (held && !world.cancelAsked) steps.push(step('release', become(IDLE, { row: 'queued' })))
    return steps
  }
  const done = { row: 'done' as const, result: worker.fence }
  if (mayEnd)
    steps.push(step('commit', become(IDLE, done)), step('commit, answer lost', become(worker, done)))
  else steps.push(step('commit refused', become(IDLE)))
  return steps
}

/** A lost answer leaves a lease that nobody knows of; only a takeover ends it. */
function claims(world: World, at: number) {
  if (world.row !== 'queued' || world.cancelAsked || world.fence >= MOST_LEASES) return []
  const fence = world.fence + 1
  const to = { row: 'running' as const, owner: at, fence }
  return [
    { name: 'claim', to, next: { does: 'converts' as const, fence } },
    { name: 'claim, answer lost', to, next: IDLE },
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
    steps.push({ name: 'erase', to: { ...world, objects: {} } })
    if (Object.keys(world.objects).length === 0) steps.push({ name: 'bury', to: { ...world, row: 'gone' } })
  }
  if (world.row === 'gone') steps.push({ name: 'TTL', to: { ...world, row: 'absent' } })
  if (isBuried(world.row)) steps.push({ name: 'sweep orphans', to: { ...world, objects: {} } })
  return steps
}

/** What is wrong with a step, in words. */
export function checkStep({ from, to }: { from: World; to: World }): string | undefined {
  const resultKey = to.objects['result'] === undefined ? `${to.result}` : 'result'
  if (isFinal(from.row) && to.row !== from.row && to.row !== 'deleting' && to.row !== 'absent')
    return `an ended job moved from ${from.row} to ${to.row}`
  if (to.row === 'done' && to.cancelAsked) return 'a job was done after it was cancelled'
  if (to.row === 'done' && to.result !== to.fence) return 'a lease that was lost has committed'
  if (to.row === 'done' && to.objects[resultKey] !== to.result)
    return 'the result is not what its lease wrote'
  if (to.row === 'absent' && from.row !== 'absent' && from.row !== 'gone')
    return 'a record vanished before its objects'
  return undefined
}

/** Nothing is left, and nobody works any more. */
export const isFinished = ({ row, objects, workers }: World) =>
  row === 'absent' && Object.keys(objects).length === 0 && workers.every(({ does }) => does === 'nothing')
