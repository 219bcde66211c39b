import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { json, type Api } from '../test/support/api.ts'
import { makeAudio, SOURCES } from '../test/support/audio.ts'

type Material = { name: string; bytes: Buffer<ArrayBuffer> }
export type Materials = { good: Material[]; hollow: Material; words: Material }

const SECONDS = 5
const FORMATS = ['mp3', 'aac', 'opus', 'vorbis', 'flac', 'wav'] as const

/** A sound of each common kind; one whose headers are all there is of it; and one that is no sound. */
export async function makeMaterials(folder: string): Promise<Materials> {
  const good = await Promise.all(
    Object.entries(SOURCES).map(async ([extension, flags]) => {
      const file = path.join(folder, `song.${extension}`)
      await makeAudio(file, { seconds: SECONDS, flags })
      return { name: `song.${extension}`, bytes: await readFile(file) }
    }),
  )
  const flac = good.find(({ name }) => name.endsWith('.flac'))?.bytes ?? Buffer.alloc(0)
  const hollow = Buffer.from(flac)
  hollow.fill(0, 8300)
  const words = Buffer.from('These are words.')
  return { good, hollow: { name: 'hollow.flac', bytes: hollow }, words: { name: 'words.wav', bytes: words } }
}

/** What one does with the service, in turns; each resolves when that is over, and throws when it went otherwise. */
const WAYS = {
  async converted(api: Api, material: Material, format: string) {
    const id = await order(api, material, format)
    await sees(api, id, 'done')
    await api.result(id)
    return id
  },
  async removed(api: Api, material: Material, format: string) {
    const id = await WAYS.converted(api, material, format)
    await expectStatus(await api.call(`jobs/${id}`, { method: 'DELETE' }), 204)
  },
  async looked(api: Api, material: Material, format: string) {
    const id = await WAYS.converted(api, material, format)
    for (const what of ['waveform', 'preview'])
      while ((await drained(await api.call(`jobs/${id}/${what}`))) === 202);
  },
  /** In the middle of it or before; or too late, since it is short. */
  async cancelled(api: Api, material: Material, format: string) {
    const id = await order(api, material, format)
    const asked = await drained(await api.post(`jobs/${id}/cancel`))
    await sees(api, id, asked === 409 ? 'done' : 'cancelled')
  },
  async left(api: Api, material: Material) {
    await sendOnly(api, material)
  },
  async withdrawn(api: Api, material: Material) {
    const id = await sendOnly(api, material)
    await expectStatus(await api.call(`uploads/${id}`, { method: 'DELETE' }), 204)
  },
}

const GOOD_WAYS = [
  'converted',
  'removed',
  'converted',
  'looked',
  'converted',
  'cancelled',
  'left',
  'withdrawn',
] as const
const ALL_WAYS = [...GOOD_WAYS, 'failed', 'refused'] as const
export type Way = (typeof ALL_WAYS)[number]

/** The deed of this number: of ten one fails, one is refused, and the others are of each kind and format in turn. */
export async function doOne(api: Api, { good, hollow, words }: Materials, at: number): Promise<Way> {
  const way = ALL_WAYS[at % ALL_WAYS.length] ?? 'converted'
  if (way === 'failed') await sees(api, await order(api, hollow, 'mp3'), 'failed')
  else if (way === 'refused') await isRefused(api, words)
  else {
    const round = Math.floor(at / ALL_WAYS.length) + at
    const material = good[round % good.length]
    if (material) await WAYS[way](api, material, FORMATS[round % FORMATS.length] ?? 'mp3')
  }
  return way
}

async function order(api: Api, { name, bytes }: Material, format: string): Promise<string> {
  return (await api.convert(await api.upload(name, bytes), format)).id
}

/** Sends a file, which is one part, and does not complete it. */
async function sendOnly(api: Api, { name, bytes }: Material): Promise<string> {
  const { id } = await api.createUpload(name, bytes.length)
  await json(await api.putPart(id, 1, bytes))
  return id
}

async function isRefused(api: Api, material: Material): Promise<void> {
  await expectStatus(await api.complete(await sendOnly(api, material)), 422)
}

/** Listens to the job's events until it has ended; a stream ends by itself now and then. */
async function sees(api: Api, jobId: string, wanted: string): Promise<void> {
  for (;;) {
    const heard = await (await api.call(`progress/stream?jobId=${jobId}`)).text()
    const [, ended] = /"state":"(done|failed|cancelled)"/.exec(heard) ?? []
    if (ended === wanted) return
    if (ended !== undefined) throw new Error(`Job ${jobId} ended ${ended}, not ${wanted}.`)
  }
}

async function drained(answer: Response): Promise<number> {
  await answer.arrayBuffer()
  return answer.status
}

async function expectStatus(answer: Response, status: number): Promise<void> {
  if ((await drained(answer)) !== status) throw new Error(`${answer.url}: ${answer.status}, not ${status}`)
}
