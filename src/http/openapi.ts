import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { Problem } from '../contract/index.ts'

/** Error answers have one form, so every route tells of them without having to say so. */
const ERRORS = {
  description: 'A problem document (RFC 9457)',
  content: { 'application/problem+json': { schema: Problem } },
}

/** Makes the API's description from the schemas that validate it, at `/api/openapi.json`. */
export async function describeApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tapedeck',
        version,
        description: 'Upload audio in verified parts, convert it, follow the progress, fetch the result.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: (input) => withoutUnused(jsonSchemaTransformObject(input)),
  })
  app.addHook('onRoute', ({ schema }) => {
    if (schema && !schema.hide)
      schema.response = { ...(schema.response as object), '4xx': ERRORS, '5xx': ERRORS }
  })
  app.get('/api/openapi.json', { schema: { hide: true } }, () => app.swagger())
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
