import { expect, test } from 'vitest'
import { newId } from '../kernel/ids.ts'
import { inContext } from '../kernel/work-context.ts'
import { createLog } from './log.ts'

function logged(act: (log: ReturnType<typeof createLog>) => void): string {
  let text = ''
  act(createLog('debug', { write: (line) => (text += line) }))
  return text
}

test.each([
  ['a field', (id: string) => ({ jobId: id })],
  ['a key', (id: string) => ({ key: `results/${id}/1.mp3` })],
  ['a message of an error', (id: string) => ({ err: new Error(`No such key: uploads/${id}`) })],
  ['the cause of an error', (id: string) => ({ err: new Error('away', { cause: new Error(id) }) })],
  ['a line of text', (id: string) => ({ text: `one\n${id}\ttwo` })],
  ['a URL', (id: string) => ({ url: `http://localhost/?prefix=uploads%2F${id}%2f${id}` })],
])('an id in %s is shortened from info on, and whole in debug', (_, fieldsOf) => {
  for (const id of [newId(), newId('anna')]) {
    const text = logged((log) => log.info(fieldsOf(id), `about ${id}`))
    expect(text).toContain(`about ${id.slice(0, 8)}…`)
    expect(text).not.toContain(id)
    expect(logged((log) => log.debug(fieldsOf(id), 'whole'))).toContain(id)
  }
})

test('what is no id stays as it is', () => {
  const trace = 'a3ce929d0e0e4736af2b1c0d9e8f7a6b'
  const request = '01937d4e-8c5a-7b3e-9f21-6d4c8b2a1e0f'
  const text = logged((log) => log.warn({ trace, request, long: 'a'.repeat(60) }, 'told'))
  for (const whole of [trace, request, 'a'.repeat(60)]) expect(text).toContain(whole)
})

test('a line bears the id of the request that it belongs to, also after a wait', async () => {
  let text = ''
  const log = createLog('info', { write: (line) => (text += line) })
  await inContext({ requestId: 'request-1' }, async () => {
    await Promise.resolve()
    log.info({}, 'inside')
  })
  log.info({}, 'outside')
  const [inside, outside] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object)
  expect(inside).toMatchObject({ requestId: 'request-1', msg: 'inside' })
  expect(outside).not.toHaveProperty('requestId')
})
