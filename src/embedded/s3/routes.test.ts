import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { ROUTES } from './routes.ts'

const PATHS = { service: '/', bucket: '/{bucket}', key: '/{bucket}/{key}' }

test('docs/reference/embedded-s3.md lists exactly the operations of the table, and their parameters', async () => {
  const page = await readFile(new URL('../../../docs/reference/embedded-s3.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` +\| `([^`]+)` +\| ([^|]*)\|/gm)]
  const documented = rows.map(([, operation = '', request, also]) => ({
    operation,
    request,
    also: also?.trim(),
  }))

  const routes = ROUTES.map((route) => {
    const { operation, method, at, needs, mayQuery } = { needs: [], mayQuery: [], ...route }
    const families = new Set(mayQuery.map((name: string) => name.replace(/^response-.*/, 'response-*')))
    return {
      operation: `${operation.charAt(0).toUpperCase()}${operation.slice(1)}`,
      request: `${method} ${PATHS[at]}${needs.length > 0 ? '?' : ''}${needs.join('&')}`,
      also: [...families].map((name) => `\`${name}\``).join(', '),
    }
  })
  expect(documented).toEqual(routes)
})
