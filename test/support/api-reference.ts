import { format as pretty, resolveConfig } from 'prettier'

const INTRODUCTION = `# The API

Every call, as \`GET /api/openapi.json\` tells it. This page is made from that document, and a test fails when they differ
(\`npx vitest run --project integration test/integration/docs.test.ts -u\` writes it anew). \`GET /api/docs\` of a running program is
the same to click on.

Times are ISO 8601 in UTC (\`…At\`), durations milliseconds (\`…Ms\`), sizes bytes. Errors are problem documents, whose codes are in
[problems.md](problems.md). With [keys](../how-to/api-keys.md), calls need
\`Authorization: Bearer <key>\`, except health, this description, and cleanup, whose key is \`ADMIN_KEY\`. \`/metrics\` is in [metrics.md](metrics.md).
`

type Schema = {
  $ref?: string
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  items?: Schema
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
}
type Content = Record<string, { schema?: Schema }>
type Operation = {
  tags?: string[]
  summary?: string
  description?: string
  parameters?: { in: string; name: string; required?: boolean }[]
  requestBody?: { content: Content }
  responses: Record<string, { content?: Content }>
}
export type ApiDocument = {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

/** The reference page of the API, from the document that the program gives. */
export async function apiReference(file: string, { paths, components }: ApiDocument): Promise<string> {
  const calls = Object.entries(paths).flatMap(([path, operations]) => callsOf(path, operations))
  const tags = [...new Set(calls.map(({ tag }) => tag))]
  const sections = tags.map((tag) => {
    const rows = calls.filter((one) => one.tag === tag).map(({ cells }) => cells)
    return `## Calls: ${tag}\n\n${table(['Call', 'What it does', 'Takes', 'Answers'], rows)}`
  })
  const shapes = Object.entries(components.schemas)
    .filter(([, { properties }]) => properties)
    .map(([name, schema]) => `### ${name}\n\n${fields(schema)}`)
  const text = [
    INTRODUCTION,
    ...sections,
    '## Shapes\n\nFields in brackets may be absent.\n',
    ...shapes,
  ].join('\n')
  return pretty(text, { ...(await resolveConfig(file)), parser: 'markdown' })
}

/** A call that differs from another one in nothing but its being HEAD is told with that. */
function callsOf(path: string, { head, ...operations }: Record<string, Operation>) {
  return Object.entries(operations).map(([method, operation]) => {
    const { tags = ['other'], summary = '', description } = operation
    const verbs = method === 'get' && head ? 'GET, HEAD' : method.toUpperCase()
    const what = [summary, description].filter((one) => one !== undefined && one !== '').join('. ')
    const cells = [code(`${verbs} ${path}`), what, taken(operation), answers(operation)]
    return { tag: tags[0] ?? 'other', cells }
  })
}

function taken({ parameters = [], requestBody }: Operation): string {
  const named = parameters
    .filter((one) => one.in !== 'path')
    .map(({ name, required, ...one }) => {
      const text = code(one.in === 'query' ? `?${name}=` : name)
      return required ? text : `[${text}]`
    })
  return [...named, ...shapesOf(requestBody?.content)].join(', ')
}

const answers = ({ responses }: Operation): string =>
  Object.entries(responses)
    .filter(([status]) => !/XX$/.test(status))
    .map(([status, { content }]) => [status, ...shapesOf(content)].join(' '))
    .join(', ')

const shapesOf = (content: Content = {}): string[] =>
  Object.values(content).flatMap(({ schema }) => (schema && typeOf(schema) ? [typeOf(schema)] : []))

function fields({ properties = {}, required = [] }: Schema): string {
  const rows = Object.entries(properties).map(([name, schema]) => [
    required.includes(name) ? code(name) : `[${code(name)}]`,
    typeOf(schema),
    schema.description ?? '',
  ])
  return table(['Field', 'Type', 'Meaning'], rows)
}

function typeOf(schema: Schema): string {
  const { $ref, anyOf, items, type = '' } = schema
  if ($ref !== undefined) return linkTo($ref.split('/').at(-1) ?? '')
  if (schema.const !== undefined) return code(JSON.stringify(schema.const))
  if (schema.enum?.includes('not-found')) return 'a code of [problems.md](problems.md)'
  if (schema.enum) return schema.enum.map((one) => code(String(one))).join(', ')
  if (anyOf) return anyOf.map(typeOf).join(' or ')
  return items ? `list of ${typeOf(items)}` : [type].flat().join(' or ')
}

const linkTo = (name: string) => `[${name}](#${name.toLowerCase()})`
const code = (text: string) => `\`${text}\``
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
const table = (head: string[], rows: string[][]) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n') + '\n'
