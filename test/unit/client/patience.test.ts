import { expect, test } from 'vitest'
import { failure, noise, setUp } from './client.ts'
import { failing, PART, refusal } from './upload-server.ts'

const ROUTES = [
  ['POST /uploads', {}],
  ['GET /uploads/:id', { resumeId: 'up-0' }],
  ['POST /uploads/:id/targets', {}],
  [PART, {}],
  ['POST /uploads/:id/complete', {}],
] as const

const oneSmallPart = async () => {
  const deck = await setUp({}, noise(500))
  await deck.begin([])
  deck.server.seen.length = 0
  return deck
}

test.each(ROUTES)('%s is tried for ten minutes, and then the upload says so', async (route, options) => {
  await using deck = await oneSmallPart()
  deck.server.fault(failing(route, Infinity, refusal(503, 'store-unavailable')))
  expect(await failure(deck.upload(options))).toMatchObject({ code: 'unreachable' })
  expect(deck.slept.reduce((sum, ms) => sum + ms)).toBe(600_000)
  expect(deck.server.count(route)).toBe(deck.slept.length + 1)
})

test.each(ROUTES)('%s that hangs is given up and sent again', async (route, options) => {
  await using deck = await oneSmallPart()
  let hanging = false
  deck.server.fault((seen) => {
    if (seen.route !== route || hanging) return false
    hanging = true
    return true
  })
  const uploading = deck.upload(options)
  await expect.poll(() => hanging).toBe(true)
  for (const fire of deck.timers) fire()
  await uploading
  expect(deck.server.count(route)).toBe(2)
  expect(deck.timers.size).toBe(0)
})
