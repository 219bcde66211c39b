import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'

/**
 * What the library leaves out where it shows no bar of its own: a page as wide as the screen, and light or dark as the
 * reader has it. The bar is left out since its picture has a style in it, which our policy does not let in.
 */
const READER = `
const viewport = { name: 'viewport', content: 'width=device-width, initial-scale=1' }
document.head.append(Object.assign(document.createElement('meta'), viewport))
const dark = matchMedia('(prefers-color-scheme: dark)')
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', follow)
follow()
`

/** The API's description to be read and tried out in a browser, at `/api/docs`. */
export async function serveDocs(app: FastifyInstance): Promise<void> {
  await app.register(swaggerUi, {
    routePrefix: '/api/docs',
    uiConfig: { layout: 'BaseLayout', defaultModelsExpandDepth: 0 },
    uiHooks: {
      // Addresses in the page are relative only below a folder, and what is in front of ours nobody tells us.
      onRequest(request, reply, done) {
        if (request.url.split('?')[0] === '/api/docs') reply.redirect('docs/')
        else done()
      },
    },
    // From the place of this copy, as `servers` of the other is from its own.
    transformSpecification: (document) => ({ ...document, servers: [{ url: '../..' }] }),
    theme: { title: 'Tapedeck API', js: [{ filename: 'reader.js', content: READER }] },
  })
}
