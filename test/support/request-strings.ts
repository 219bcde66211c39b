/** As much of a JSON schema (OpenAPI 3.1) as is looked at. */
type Schema = { [keyword: string]: unknown }
type Operation = {
  parameters?: { name: string; schema: Schema }[]
  requestBody?: { content: Record<string, { schema?: Schema }> }
}
export type OpenApi = {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null

/** Where strings of any length are taken, each as the call and the way to it in the schema. */
export function unboundedStrings({ paths, components }: OpenApi): string[] {
  const resolve = ({ $ref, ...schema }: Schema) =>
    typeof $ref === 'string' ? (components.schemas[$ref.split('/').at(-1) ?? ''] ?? {}) : schema
  const walk = (at: string, schema: Schema): string[] => {
    const known = resolve(schema)
    const { type, maxLength, enum: choices, const: one } = known
    const isUnbounded = type === 'string' && [maxLength, choices, one].every((bound) => bound === undefined)
    const within = Object.entries(known).filter((entry): entry is [string, Schema] => isSchema(entry[1]))
    return [...(isUnbounded ? [at] : []), ...within.flatMap(([name, each]) => walk(`${at}.${name}`, each))]
  }
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { parameters = [], requestBody }]) => [
      ...parameters.flatMap(({ name, schema }) => walk(`${method} ${path} ${name}`, schema)),
      ...Object.values(requestBody?.content ?? {}).flatMap(({ schema = {} }) =>
        walk(`${method} ${path} body`, schema),
      ),
    ]),
  )
}
