import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { fetchTransport, UploadFailed } from '../../../src/client/index.ts'
import { failure, noise, setUp } from './client.ts'
import { failing, MEDIA, PART, refusal, reply, type Answer } from './upload-server.ts'

test('a file arrives whole, in order, and the answer says what is in it', async () => {
  await using deck = await setUp()
  await expect(deck.upload()).resolves.toEqual({ id: 'up-0', media: MEDIA })
  expect(deck.server.content('up-0')).toEqual(Buffer.from(deck.bytes))
  expect(deck.states).toEqual(['creating', 'sending', 'finishing', 'ready'])
  expect(deck.parts.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(deck.slept).toEqual([])
})

test('targets are asked for in batches, and the headers they name are sent', async () => {
  await using deck = await setUp({ partSize: 50 })
  await deck.upload()
  expect(deck.server.count('POST /uploads/:id/targets')).toBe(2)
  const sent = deck.server.seen.filter(({ route }) => route === PART)
  expect(sent).toHaveLength(190)
  for (const { headers, part } of sent) expect(headers['x-echo']).toBe(String(part))
})

test('a target is relative to the request that asked for it, whatever path lies before', async () => {
  await using deck = await setUp({ partSize: 5000 })
  const urls: string[] = []
  const transport: typeof fetchTransport = (request) => {
    urls.push(request.url)
    return fetchTransport(request)
  }
  await deck.upload({ transport, maxParallel: 1 })
  const { baseUrl } = deck.server
  expect(urls).toEqual([1, 2].map((part) => `${baseUrl}api/uploads/up-0/parts/${part}`))
})

test('a create whose answer is lost makes one upload', async () => {
  await using deck = await setUp()
  let lost = false
  deck.server.fault(async ({ route }, response, request) => {
    if (route !== 'POST /uploads' || lost) return false
    lost = true
    const body = await text(request)
    const { 'idempotency-key': key } = request.headers
    await fetch(`${deck.server.baseUrl}api/uploads`, {
      method: 'POST',
      body,
      headers: { 'Idempotency-Key': String(key) },
    })
    response.destroy()
    return true
  })
  await deck.upload()
  expect(deck.server.uploads.size).toBe(1)
  expect(String(deck.server.seen[0]?.headers['idempotency-key']).length).toBeGreaterThanOrEqual(16)
})

test.each([['POST /uploads'], ['POST /uploads/:id/targets'], [PART], ['POST /uploads/:id/complete']])(
  '%s is sent again after a 503, and not before Retry-After',
  async (route) => {
    await using deck = await setUp()
    deck.server.fault(failing(route, 1, { ...refusal(503, 'overloaded'), headers: { 'Retry-After': '3' } }))
    await deck.upload()
    expect(deck.slept).toEqual([3250])
    expect(deck.server.content('up-0')).toEqual(Buffer.from(deck.bytes))
  },
)

test('a connection reset in the middle of a part costs that part only', async () => {
  await using deck = await setUp()
  let resets = 0
  deck.server.fault(({ part }, _response, request) => {
    if (part !== 4 || resets++ > 1) return false
    request.once('data', () => request.socket.destroy())
    return true
  })
  await deck.upload()
  expect(deck.server.content('up-0')).toEqual(Buffer.from(deck.bytes))
  expect(deck.server.count(PART)).toBe(12)
  expect(deck.slept).toEqual([250, 500])
})

test('a part that was damaged on the way is sent again', async () => {
  await using deck = await setUp()
  deck.server.fault(failing(PART, 1, refusal(422, 'checksum-mismatch')))
  await deck.upload()
  expect(deck.server.count(PART)).toBe(11)
})

test('a part that is damaged each time ends the upload instead of going round for ever', async () => {
  await using deck = await setUp({}, noise(500))
  deck.server.fault(failing(PART, 99, refusal(422, 'checksum-mismatch')))
  expect(await failure(deck.upload())).toMatchObject({ code: 'checksum-mismatch' })
  expect(deck.server.count(PART)).toBe(4)
})

test('parts run side by side: one more with each clean one, half as many after a failure', async () => {
  await using deck = await setUp({ partSize: 500 })
  const held = new Map<number, (answer?: Answer) => void>()
  let holding = true
  deck.server.fault(async ({ route, part }, response, request) => {
    if (route !== PART || !holding) return false
    const answer = await new Promise<Answer | undefined>((resolve) => held.set(part, resolve))
    if (!answer) return false
    request.resume().on('end', () => reply(response, answer))
    return true
  })
  const settle = (part: number, answer?: Answer) => {
    held.get(part)?.(answer)
    held.delete(part)
  }
  const underWay = () => expect.poll(() => [...held.keys()].sort((a, b) => a - b))
  const uploading = deck.upload()
  await underWay().toEqual([1, 2, 3])
  settle(1)
  await underWay().toEqual([2, 3, 4, 5])
  settle(2)
  await underWay().toEqual([3, 4, 5, 6, 7])
  settle(3, refusal(500, 'internal-error')) // of five at once, two are left; part 3 is one of those that try again
  await underWay().toEqual([3, 4, 5, 6, 7])
  settle(4) // three
  settle(5) // four: there is room for one
  await underWay().toEqual([3, 6, 7, 8])
  holding = false
  for (const part of held.keys()) settle(part)
  await uploading
  expect(deck.server.content('up-0')).toEqual(Buffer.from(deck.bytes))
})

test('what the client shows never falls, though parts fail and start again', async () => {
  await using deck = await setUp()
  deck.server.fault(failing(PART, 5, refusal(500, 'internal-error')))
  const transport: typeof fetchTransport = async (request) => {
    request.onProgress(request.body.length / 2)
    return fetchTransport(request)
  }
  await deck.upload({ transport })
  expect(deck.progress[0]).toBe(0)
  expect(deck.progress.at(-1)).toBe(1)
  expect(deck.progress).toEqual(deck.progress.toSorted((a, b) => a - b))
})

test('a target that has run out is asked for again', async () => {
  await using deck = await setUp({ partSize: 100 })
  const transport: typeof fetchTransport = (request) => {
    if (request.url.endsWith('/20')) deck.pass(3_600_000)
    return fetchTransport(request)
  }
  await deck.upload({ transport, maxParallel: 1 })
  expect(deck.server.count('POST /uploads/:id/targets')).toBeGreaterThan(1)
})

test('a refusal in the words of an object store asks for a new target and goes on', async () => {
  await using deck = await setUp()
  deck.server.fault(failing(PART, 1, { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' }))
  await deck.upload()
  expect(deck.server.content('up-0')).toEqual(Buffer.from(deck.bytes))
  expect(deck.server.count('POST /uploads/:id/targets')).toBe(2)
})

test('what the server refuses for good is thrown with its code and its words, and is not repeated', async () => {
  await using deck = await setUp()
  deck.server.fault(failing('POST /uploads/:id/complete', 9, refusal(422, 'not-audio')))
  const error = await failure(deck.upload())
  expect(error).toBeInstanceOf(UploadFailed)
  expect(error).toMatchObject({ code: 'not-audio', message: 'It is not-audio', problem: { status: 422 } })
  expect(deck.server.count('POST /uploads/:id/complete')).toBe(1)
})

test('a file that cannot be read any more says so', async () => {
  await using deck = await setUp()
  deck.source.slice = () =>
    Object.assign(new Blob([]), { arrayBuffer: () => Promise.reject(new Error('gone')) })
  expect(await failure(deck.upload())).toMatchObject({ code: 'file-unreadable' })
})

test('cancelling stops the parts under way and deletes the upload', async () => {
  await using deck = await setUp()
  const cancel = new AbortController()
  deck.server.fault(({ part }) => {
    if (part !== 2) return false
    cancel.abort(new Error('enough'))
    return true
  })
  expect(await failure(deck.upload({ signal: cancel.signal }))).toEqual(new Error('enough'))
  expect(deck.server.uploads.get('up-0')?.state).toBe('aborted')
  expect(deck.states.at(-1)).toBe('cancelled')
  expect(deck.timers.size).toBe(0)
})
