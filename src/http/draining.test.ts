import fastify from 'fastify'
import { expect, test } from 'vitest'
import { silentLog } from '../kernel/log.ts'
import { refuseWhileDraining } from './draining.ts'
import { answerProblems } from './problem.ts'

test('while it closes, a server sends new requests elsewhere and still says that it lives', async () => {
  const app = fastify({ return503OnClosing: false })
  answerProblems(app, silentLog)
  refuseWhileDraining(app)
  for (const path of ['/api/formats', '/api/health/live']) app.get(path, () => ({}))
  const answers: Response[] = []
  app.addHook('preClose', async () => {
    for (const path of ['/api/formats', '/api/health/live']) answers.push(await fetch(`${url}${path}`))
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  await app.close()
  expect(answers.map(({ status }) => status)).toEqual([503, 200])
  expect(answers[0]?.headers.get('retry-after')).toBe('5')
  expect(await answers[0]?.json()).toMatchObject({ code: 'shutting-down' })
})
