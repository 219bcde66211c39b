/** A step from one state to another, by name. */
export type Step<State> = { name: string; to: State }

export type Exploration<State> = {
  /** How many different states can be reached. */
  states: number
  /** A shortest way to a state that breaks an invariant: names of its steps, and what was broken. */
  broken: { path: string[]; why: string } | undefined
  /** States from which no way leads to a state that is `finished`. */
  stuck: State[]
}

type Visit<State> = { state: State; cameBy: string; from: string | undefined; next: string[] }

/**
 * Visits every state that can be reached from `start`, breadth first, so that the way to a broken one is a shortest.
 * States are plain JSON values. `check` says what is wrong with a step, if anything.
 */
export function explore<State>(model: {
  start: State
  steps: (state: State) => Step<State>[]
  check: (step: { from: State; to: State }) => string | undefined
  finished: (state: State) => boolean
}): Exploration<State> {
  const keyOf = (state: State) => JSON.stringify(state)
  const seen = new Map<string, Visit<State>>()
  const startKey = keyOf(model.start)
  seen.set(startKey, { state: model.start, cameBy: '', from: undefined, next: [] })
  const queue = [startKey]
  for (const key of queue) {
    const visit = seen.get(key)
    if (!visit) continue
    for (const { name, to } of model.steps(visit.state)) {
      const toKey = keyOf(to)
      visit.next.push(toKey)
      if (!seen.has(toKey)) {
        seen.set(toKey, { state: to, cameBy: name, from: key, next: [] })
        queue.push(toKey)
      }
      const why = model.check({ from: visit.state, to })
      if (why !== undefined)
        return { states: seen.size, broken: { path: [...pathTo(seen, key), name], why }, stuck: [] }
    }
  }
  return { states: seen.size, broken: undefined, stuck: stuckStates(seen, model.finished) }
}

function pathTo<State>(seen: ReadonlyMap<string, Visit<State>>, key: string): string[] {
  const path: string[] = []
  for (let visit = seen.get(key); visit?.from !== undefined; visit = seen.get(visit.from))
    path.unshift(visit.cameBy)
  return path
}

/** Goes backwards from all finished states; what is not met on the way cannot finish. */
function stuckStates<State>(
  seen: ReadonlyMap<string, Visit<State>>,
  finished: (state: State) => boolean,
): State[] {
  const before = new Map<string, string[]>()
  for (const [key, { next }] of seen)
    for (const to of next) {
      const all = before.get(to)
      if (all) all.push(key)
      else before.set(to, [key])
    }
  const queue = [...seen].filter(([, { state }]) => finished(state)).map(([key]) => key)
  const canFinish = new Set(queue)
  for (let key = queue.pop(); key !== undefined; key = queue.pop())
    for (const from of before.get(key) ?? [])
      if (!canFinish.has(from)) {
        canFinish.add(from)
        queue.push(from)
      }
  return [...seen].filter(([key]) => !canFinish.has(key)).map(([, { state }]) => state)
}
