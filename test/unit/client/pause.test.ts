import { expect, test } from 'vitest'
import { fetchTransport } from '../../../src/client/index.ts'
import { failure, noise, setUp } from './client.ts'
import { failing, MEDIA, PART, refusal } from './upload-server.ts'

type Deck = Awaited<ReturnType<typeof setUp>>
const ROUTES = ['POST /uploads', 'POST /uploads/:id/targets', PART, 'POST /uploads/:id/complete'] as const

/** Leaves requests unanswered from now on; tells how many there are, and whether the client let go of all of them. */
function hold(deck: Deck, isHeld: (route: string, part: number) => boolean) {
  let held = 0
  let open = 0
  deck.server.fault(({ route, part }, response) => {
    if (!isHeld(route, part)) return false
    held++
    open++
    response.on('close', () => open--)
    return true
  })
  const letGo = async () => {
    await expect.poll(() => open).toBe(0)
    expect(deck.timers.size).toBe(0)
  }
  return { held: () => held, letGo }
}

test.each(ROUTES)('a pause stops %s; the resume sends it again and the file arrives', async (route) => {
  await using deck = await setUp({}, noise(500))
  const { held, letGo } = hold(deck, (asked) => asked === route)
  const upload = deck.start()
  await expect.poll(held).toBe(1)
  upload.pause()
  await letGo()
  const before = deck.server.seen.length
  expect(deck.states.at(-1)).toBe('paused')
  deck.server.clearFaults()
  upload.resume()
  await expect(upload.finished).resolves.toEqual({ id: 'up-0', media: MEDIA })
  expect(deck.server.seen[before]?.route).toBe(route === PART ? ROUTES[1] : route)
  expect(deck.server.content('up-0')).toEqual(Buffer.from(deck.bytes))
  expect(deck.slept).toEqual([])
})

test('a create that got through before the pause is not made twice', async () => {
  await using deck = await setUp()
  const { held, letGo } = hold(deck, (route) => route === 'POST /uploads')
  const upload = deck.start()
  await expect.poll(held).toBe(1)
  upload.pause()
  await letGo()
  deck.server.clearFaults()
  upload.resume()
  await upload.finished
  const keys = deck.server.seen
    .filter(({ route }) => route === 'POST /uploads')
    .map(({ headers }) => headers['idempotency-key'])
  expect(keys).toEqual([keys[0], keys[0]])
})

test('only what is missing is sent after a pause, and until then what is stored is shown', async () => {
  await using deck = await setUp()
  const { held, letGo } = hold(deck, (_route, part) => part > 4)
  const transport: typeof fetchTransport = (request) => {
    request.onProgress(request.body.length / 2)
    return fetchTransport(request)
  }
  const upload = deck.start({ transport })
  await expect.poll(() => deck.parts.length).toBe(4)
  await expect.poll(held).toBeGreaterThan(2)
  expect(deck.progress.at(-1)).toBeGreaterThan(4000 / 9500)
  upload.pause()
  expect(deck.progress.at(-1)).toBe(4000 / 9500)
  await letGo()
  expect(deck.progress.at(-1)).toBe(4000 / 9500)
  deck.server.clearFaults()
  deck.server.seen.length = 0
  upload.resume()
  await upload.finished
  const sent = deck.server.seen.filter(({ route }) => route === PART).map(({ part }) => part)
  expect(sent.sort((a, b) => a - b)).toEqual([5, 6, 7, 8, 9, 10])
  expect(deck.states).toEqual(['creating', 'sending', 'paused', 'sending', 'finishing', 'ready'])
})

test('a pause ends the tries, and the ten minutes start again with the resume', async () => {
  await using deck = await setUp({}, noise(500))
  deck.server.fault(failing(PART, 20, refusal(503, 'overloaded')))
  let tries = 0
  const transport: typeof fetchTransport = (request) => {
    if (++tries === 15) upload.pause()
    return fetchTransport(request)
  }
  const upload = deck.start({ transport })
  await expect.poll(() => deck.states.at(-1)).toBe('paused')
  deck.pass(3_600_000)
  upload.resume()
  await upload.finished
  expect(deck.server.content('up-0')).toEqual(Buffer.from(deck.bytes))
})

test('an upload that waits for the network can be paused, and waits again when it is resumed', async () => {
  await using deck = await setUp({}, noise(500))
  deck.server.fault(failing(PART, 2, refusal(503, 'overloaded')))
  const waiting: (() => void)[] = []
  const whenOnline = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      waiting.push(resolve)
      signal.addEventListener('abort', () => resolve())
    })
  const upload = deck.start({ whenOnline })
  await expect.poll(() => waiting.length).toBe(1)
  upload.pause()
  upload.resume()
  await expect.poll(() => waiting.length).toBe(2)
  waiting[1]?.()
  await upload.finished
})

test('paused before it has begun, an upload sends nothing', async () => {
  await using deck = await setUp()
  const upload = deck.start()
  upload.pause()
  expect(deck.states).toEqual(['paused'])
  upload.resume()
  upload.pause()
  upload.pause()
  await fetch(deck.server.baseUrl)
  expect(deck.server.seen).toHaveLength(1)
  upload.resume()
  upload.resume()
  await upload.finished
  expect(deck.states).toEqual(['paused', 'paused', 'creating', 'sending', 'finishing', 'ready'])
})

test('an upload may be paused and resumed in each of its own events', async () => {
  await using deck = await setUp({ partSize: 5000 })
  const seen: string[] = []
  const toggle = (event: string) => {
    if (seen.includes(event)) return
    seen.push(event)
    upload.pause()
    upload.resume()
  }
  const upload = deck.start({
    on: { state: toggle, part: (part) => toggle(`part ${part}`), progress: () => toggle('progress') },
  })
  await upload.finished
  expect(seen.sort()).toEqual(
    ['creating', 'finishing', 'part 1', 'part 2', 'paused', 'progress', 'ready', 'sending'].sort(),
  )
  expect(deck.server.content('up-0')).toEqual(Buffer.from(deck.bytes))
})

test('what comes after the end does nothing', async () => {
  await using deck = await setUp()
  const upload = deck.start()
  await upload.finished
  upload.pause()
  upload.resume()
  upload.cancel()
  expect(deck.states.at(-1)).toBe('ready')
  expect(deck.server.uploads.get('up-0')?.state).toBe('ready')
})

test('an upload can be cancelled while it is paused', async () => {
  await using deck = await setUp()
  const { held, letGo } = hold(deck, (route) => route === PART)
  const upload = deck.start()
  await expect.poll(held).toBe(3)
  upload.pause()
  await letGo()
  upload.cancel(new Error('enough'))
  upload.pause()
  expect(await failure(upload.finished)).toEqual(new Error('enough'))
  expect(deck.server.uploads.get('up-0')?.state).toBe('aborted')
  expect(deck.states).toEqual(['creating', 'sending', 'paused', 'cancelled'])
})
