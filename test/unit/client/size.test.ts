import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { build } from 'vite'

test('the whole client is at most 6 kB when gzipped, with nothing of the schemas in it', async () => {
  const entry = fileURLToPath(new URL('../../../src/client/index.ts', import.meta.url))
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      target: 'es2022',
      minify: true,
      lib: { entry, formats: ['es'], fileName: 'client' },
    },
  })
  const [{ output } = { output: [] }] = Array.isArray(built) ? built : []
  const code = output.map((file) => (file.type === 'chunk' ? file.code : '')).join('')
  expect(code).toContain('X-Part-Crc32')
  expect(code).not.toContain('Zod')
  expect(gzipSync(code).length).toBeLessThanOrEqual(6000)
})
