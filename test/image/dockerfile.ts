import { Copy, DockerfileParser, Env, From, type Instruction } from 'dockerfile-ast'

/** What one instruction asks for, with nothing expanded. */
export type Step =
  | { kind: 'run'; command: string }
  | { kind: 'copy'; from: string | undefined; sources: readonly string[]; target: string }
  | { kind: 'env'; values: Record<string, string> }
  | { kind: 'workdir'; directory: string }
  | { kind: 'user'; user: string }
  | { kind: 'volume'; directory: string }
  | { kind: 'expose'; port: string }
  | { kind: 'healthcheck'; words: readonly string[] }
  | { kind: 'entrypoint'; words: readonly string[] }
  | { kind: 'cmd'; words: readonly string[] }

export type Stage = { name: string; base: string; steps: Step[] }

/** The stages of a Dockerfile. Throws at an instruction, a flag or a form it does not know: nothing is left out in silence. */
export function stagesOf(text: string): Stage[] {
  const stages: Stage[] = []
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    if (instruction instanceof From) stages.push(stageOf(instruction))
    else if (!stages[0]) throw new Error(`${instruction.getKeyword()} before the first FROM`)
    else stages.at(-1)?.steps.push(stepOf(instruction))
  }
  return stages
}

function stageOf(from: From): Stage {
  const base = from.getImage()
  if (!base) throw new Error('FROM names no image')
  return { name: from.getBuildStage() ?? '', base, steps: [] }
}

function stepOf(instruction: Instruction): Step {
  if (instruction instanceof Copy) return copyOf(instruction)
  if (instruction instanceof Env) return { kind: 'env', values: valuesOf(instruction) }
  const raw = instruction.getRawArgumentsContent() ?? ''
  switch (instruction.getKeyword()) {
    case 'RUN':
      return { kind: 'run', command: raw }
    case 'WORKDIR':
      return { kind: 'workdir', directory: raw }
    case 'USER':
      return { kind: 'user', user: raw }
    case 'VOLUME':
      return { kind: 'volume', directory: raw }
    case 'EXPOSE':
      return { kind: 'expose', port: raw }
    case 'HEALTHCHECK':
      return { kind: 'healthcheck', words: wordsOf(raw.slice(raw.indexOf('['))) }
    case 'ENTRYPOINT':
      return { kind: 'entrypoint', words: wordsOf(raw) }
    case 'CMD':
      return { kind: 'cmd', words: wordsOf(raw) }
    default:
      throw new Error(`unknown instruction ${instruction.getKeyword()}`)
  }
}

function copyOf(copy: Copy): Step {
  const others = copy.getFlags().filter((flag) => flag.getName() !== 'from')
  if (others.length > 0) throw new Error(`COPY has flags that are not known: ${String(others)}`)
  const words = copy.getArguments().map((argument) => argument.getValue())
  const from = copy.getFromFlag()?.getValue() ?? undefined
  return { kind: 'copy', from, sources: words.slice(0, -1), target: words.at(-1) ?? '' }
}

function valuesOf(env: Env): Record<string, string> {
  return Object.fromEntries(
    env.getProperties().map((property) => [property.getName(), property.getValue() ?? '']),
  )
}

/** The JSON form alone: the other one starts a shell, which would take the signals. */
const wordsOf = (raw: string) => JSON.parse(raw) as string[]

/** What the last stage leaves for running: its own steps, in order, over those of the stages it is made from. */
export function settingsOf(stages: readonly Stage[]) {
  const steps = lineage(stages, stages.at(-1)).flatMap((stage) => stage.steps)
  const last = <Kind extends Step['kind']>(kind: Kind) =>
    steps.findLast((step): step is Extract<Step, { kind: Kind }> => step.kind === kind)
  return {
    env: Object.assign({}, ...steps.map((step) => (step.kind === 'env' ? step.values : {}))) as Record<
      string,
      string
    >,
    directory: last('workdir')?.directory ?? '/',
    user: last('user')?.user ?? 'root',
    volumes: steps.flatMap((step) => (step.kind === 'volume' ? [step.directory] : [])),
    ports: steps.flatMap((step) => (step.kind === 'expose' ? [step.port] : [])),
    healthcheck: last('healthcheck')?.words,
    entrypoint: last('entrypoint')?.words ?? [],
    cmd: last('cmd')?.words ?? [],
  }
}
export type Settings = ReturnType<typeof settingsOf>

/** A stage and those below it, the lowest first. */
export function lineage(stages: readonly Stage[], stage: Stage | undefined): Stage[] {
  if (!stage) return []
  return [
    ...lineage(
      stages,
      stages.find(({ name }) => name === stage.base),
    ),
    stage,
  ]
}
