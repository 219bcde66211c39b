import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { Problem } from '../contract/index.ts'
import { KINDS } from './problem.ts'

/** Error answers have one form, so every route tells of them without having to say so. */
const ERRORS = {
  description: 'A problem document (RFC 9457); `code` says which',
  content: { 'application/problem+json': { schema: Problem } },
}

const TAGS = [
  {
    name: 'uploads',
    description: 'Files coming in, in verified parts; and their covers, sound and pictures',
  },
  { name: 'jobs', description: 'Conversions of uploads, their progress and results' },
  { name: 'formats', description: 'What can be asked for' },
  { name: 'access', description: 'For pages, whose players, pictures and event streams send no keys' },
  { name: 'operation', description: 'For those who run the service' },
  { name: 'uppy', description: "Uploads as Uppy's S3 plugin asks Companion for them" },
]

const SECURITY = {
  key: { type: 'http', scheme: 'bearer', description: 'A key that the operator gave you, `td_…`' },
  operator: { type: 'http', scheme: 'bearer', description: "The operator's own, `ADMIN_KEY`" },
} as const

const WITH_KEYS = `This service asks for a key: \`Authorization: Bearer <key>\`. Where no header can be sent, reading takes \
\`?access=\` of \`POST /api/pass\` or of a link. What was made under one owner's key is not there for another.`
const WITHOUT_KEYS = 'This service asks for no keys: knowing an id is the right to use it.'

/** From where the document is, so that it holds behind any path (OpenAPI 3.1, 4.8.5). The library takes whole URLs only. */
const SERVERS = [{ url: '..' }]

type Described = { version: string; asksForKeys: boolean }

/** Makes the API's description from the schemas that validate it, at `/api/openapi.json`. */
export async function describeApi(app: FastifyInstance, { version, asksForKeys }: Described): Promise<void> {
  const { key, ...always } = SECURITY
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tapedeck',
        version,
        description: descriptionFor(asksForKeys),
        license: { name: 'MIT', identifier: 'MIT' },
      },
      tags: TAGS,
      components: { securitySchemes: asksForKeys ? { key, ...always } : always },
      ...(asksForKeys && { security: [{ key: [] }] }),
    },
    transform: jsonSchemaTransform,
    transformObject: (input) => ({ ...withoutUnused(jsonSchemaTransformObject(input)), servers: SERVERS }),
  })
  app.addHook('onRoute', ({ schema }) => {
    if (schema && !schema.hide)
      schema.response = { ...(schema.response as object), '4xx': ERRORS, '5xx': ERRORS }
  })
  app.get('/api/openapi.json', { schema: { hide: true } }, () => app.swagger())
}

function descriptionFor(asksForKeys: boolean): string {
  const problems = Object.entries(KINDS).map(
    ([code, { status, title }]) => `| \`${code}\` | ${status} | ${title} |`,
  )
  return [
    'Upload audio in verified parts, convert it, follow the progress, fetch the result.',
    asksForKeys ? WITH_KEYS : WITHOUT_KEYS,
    'Errors are problem documents with a stable `code`:',
    [
      '<details><summary>All codes</summary>',
      '',
      '| Code | Status | Title |',
      '| --- | --- | --- |',
      ...problems,
      '',
      '</details>',
    ].join('\n'),
  ].join('\n\n')
}

type Document = ReturnType<typeof jsonSchemaTransformObject>

/** Every schema comes in a form for requests and one for answers; those that nothing refers to only confuse. */
function withoutUnused(document: Document): Document {
  const components = 'components' in document ? document.components : undefined
  const schemas = Object.entries(components?.schemas ?? {})
  const used = schemas.filter(([name]) => JSON.stringify(document).includes(`"#/components/schemas/${name}"`))
  const next = { ...document, components: { ...components, schemas: Object.fromEntries(used) } } as Document
  return used.length === schemas.length ? next : withoutUnused(next)
}
