import { afterAll, beforeAll, expect, test } from 'vitest'
import { newKey } from '../../src/access/index.ts'
import type { LinkView, PassView, TargetsView } from '../../src/contract/index.ts'
import { createApi, json, problem, type Api } from '../support/api.ts'
import { wavOf } from '../support/audio.ts'
import { startService, type TurnedService } from '../support/service.ts'

const [anna, ben] = [newKey('anna'), newKey('ben')]
let running: TurnedService
let asAnna: Api
let open: Api
let wav: Buffer<ArrayBuffer>
let jobIds: string[]

beforeAll(async () => {
  running = await startService({ API_KEYS: `${anna.entry},${ben.entry}` })
  asAnna = createApi(running.url, { authorization: `Bearer ${anna.key}` })
  open = createApi(running.url)
  wav = await wavOf(1)
  const uploadId = await asAnna.upload('tone.wav', wav)
  jobIds = [(await asAnna.convert(uploadId, 'flac')).id, (await asAnna.convert(uploadId, 'wav')).id]
  for (const id of jobIds) await asAnna.done(id)
})
afterAll(() => running[Symbol.asyncDispose]())

async function linkOf(jobId: string, expiresInSeconds: number): Promise<URL> {
  const link = await asAnna.post(`jobs/${jobId}/link`, { expiresInSeconds })
  return new URL((await json<LinkView>(link, 201)).url)
}

const EXPIRED = { httpStatus: 403, code: 'link-expired' }

test('a link is good until its time and not a second longer, whoever has it', async () => {
  const [jobId = ''] = jobIds
  const link = await linkOf(jobId, 60)
  running.turn(55_000)
  const last = await fetch(link)
  expect([last.status, Buffer.from(await last.arrayBuffer())]).toEqual([200, await asAnna.result(jobId)])
  running.turn(6000)
  const late = await fetch(link)
  expect(late.headers.get('content-disposition')).toBeNull()
  expect(late.headers.get('cache-control')).toBe('no-store')
  expect(await problem(late)).toMatchObject(EXPIRED)
  expect((await fetch(link, { method: 'HEAD' })).status).toBe(403)
  const ranged = await fetch(link, { headers: { range: 'bytes=0-9' } })
  expect(await problem(ranged)).toMatchObject(EXPIRED)
  expect((await fetch(await linkOf(jobId, 60))).status).toBe(200)
})

test('a link of which anything was changed opens nothing, and says no more than a wrong one', async () => {
  const [jobId = '', otherId = ''] = jobIds
  const link = await linkOf(jobId, 600)
  const [id = '', expires = '', signature = ''] = (link.searchParams.get('access') ?? '').split('.')
  const later = (parseInt(expires, 36) + 3600).toString(36)
  const first = signature.startsWith('A') ? 'B' : 'A'
  const changed = [
    `${id}.${later}.${signature}`,
    `${id}.${expires}.${first}${signature.slice(1)}`,
    `${id}.${expires}.${signature.slice(0, -4)}`,
    `${id}.${expires}.`,
    `${id}.${expires}.${signature}.${signature}`,
    `${id.slice(0, -1)}.${expires}.${signature}`,
    `${id}.${expires.toUpperCase()}!.${signature}`,
    `${id}.-1.${signature}`,
    `..${signature}`,
    '%00',
    '',
  ]
  for (const access of changed) {
    const answer = await open.call(`jobs/${jobId}/result?access=${access}`)
    expect([access, (await problem(answer)).code]).toEqual([access, 'unauthorized'])
  }
  expect((await open.call(`jobs/${otherId}/result${link.search}`)).status).toBe(401)
  expect((await fetch(link)).status).toBe(200)
})

test('a link that has expired and was changed, too, is not told from a wrong one', async () => {
  const [jobId = ''] = jobIds
  const link = await linkOf(jobId, 60)
  running.turn(61_000)
  expect(await problem(await fetch(link))).toMatchObject(EXPIRED)
  const access = (link.searchParams.get('access') ?? '').replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'))
  const answer = await open.call(`jobs/${jobId}/result?access=${access}`)
  expect(await problem(answer)).toMatchObject({ httpStatus: 401, code: 'unauthorized' })
})

test('a pass is good for an hour, and a target for a part until it says', async () => {
  const { access } = await json<PassView>(await asAnna.post('pass'), 201)
  const { id } = await asAnna.createUpload('tone.wav', wav.length)
  const { targets } = await json<TargetsView>(
    await asAnna.post(`uploads/${id}/targets`, { want: [{ part: 1 }] }),
  )
  const target = new URL(targets[0]?.url ?? '', `${running.url}/api/uploads/${id}/targets`)
  running.turn(59 * 60_000)
  expect((await open.call(`formats?access=${access ?? ''}`)).status).toBe(200)
  running.turn(61_000)
  expect(await problem(await open.call(`formats?access=${access ?? ''}`))).toMatchObject(EXPIRED)
  running.turn(24 * 3_600_000)
  expect(await problem(await fetch(target, { method: 'PUT', body: wav }))).toMatchObject(EXPIRED)
})
