import path from 'node:path'
import { watchClock } from '../aws/index.ts'
import { WorkFolders } from '../conversions/index.ts'
import { newId } from '../kernel/ids.ts'
import { GiB, MiB } from '../kernel/units.ts'
import type { Config } from '../config/index.ts'
import { fail, ok, warn, type Check } from './check.ts'
import type { Patient } from './patient.ts'
import { RowsRepository } from './rows-repository.ts'

/** The release that the program is written for: with type stripping, and supported until April 2028. */
const NODE_MAJOR = 24

/** The machine the doctor runs on: configuration, Node, tools, disk, and the way to the stores. */
export const machineChecks = (patient: Patient): Check[] => [
  configuration(patient),
  node(patient),
  ffmpeg(patient),
  stores(patient),
  disk(patient),
]

const configuration = ({ configure, config }: Patient): Check => ({
  name: 'configuration',
  needs: [],
  ifItThrows: 'Correct these environment variables; docs/reference/configuration.md lists them.',
  look() {
    const found = configure()
    config.set(found)
    const { role, uploadTransport, downloadTransport, stores: chosen } = found
    const transports = `uploads ${uploadTransport}, downloads ${downloadTransport}`
    return Promise.resolve(
      ok(`Role ${role}, ${transports}; stores: ${chosen.kind}, because ${chosen.reason}.`),
    )
  },
})

const node = ({ nodeVersion }: Patient): Check => ({
  name: 'node',
  needs: [],
  ifItThrows: `Install Node ${NODE_MAJOR}.`,
  look() {
    const [, major = '0'] = /^v(\d+)\./.exec(nodeVersion) ?? []
    const found = `Node ${nodeVersion.replace(/^v/, '')}`
    if (Number(major) >= NODE_MAJOR) return Promise.resolve(ok(`${found}.`))
    return Promise.resolve(warn(`${found} is older than what is tested.`, `Install Node ${NODE_MAJOR}.`))
  },
})

const ffmpeg = ({ config, tools, findTools }: Patient): Check => ({
  name: 'ffmpeg',
  needs: ['configuration'],
  ifItThrows: 'Install FFmpeg with ffprobe, or set FFMPEG_PATH and FFPROBE_PATH to where they are.',
  async look() {
    const found = await findTools(config.get())
    const { version, makes, lacks } = found
    const other = 'Install a build of FFmpeg with these encoders, as those of Debian and Ubuntu are.'
    if (makes.length === 0) return fail(`FFmpeg ${version} has no encoder for any format.`, other)
    tools.set(found)
    if (lacks.length === 0) return ok(`FFmpeg ${version} makes all ${makes.length} formats.`)
    return warn(`FFmpeg ${version} has no encoder for ${lacks.join(', ')}, so those are not offered.`, other)
  },
})

const stores = ({ config, stores: opened, rows, ahead, connect, clock }: Patient): Check => ({
  name: 'stores',
  needs: ['configuration'],
  ifItThrows:
    'Embedded stores belong to one process: stop `tapedeck serve` and run the doctor again, or correct DATA_DIR.',
  async look() {
    const settings = config.get()
    const found = await connect(settings)
    if (!found)
      return fail(`There are no embedded stores in ${settings.dataDir} yet.`, 'Start `tapedeck serve` once.')
    opened.set(found)
    rows.set(new RowsRepository(found.background, settings.tablePrefix))
    ahead.set({
      state: watchClock(found.background.middlewareStack, clock),
      objects: watchClock(found.s3.middlewareStack, clock),
    })
    return ok(whereOf(settings))
  },
})

/** Hosts only: an address may carry a password. */
function whereOf({ stores: chosen, dataDir }: Config): string {
  const host = (url: string | undefined) => (url === undefined ? 'AWS' : new URL(url).host)
  switch (chosen.kind) {
    case 'embedded':
      return `Embedded stores in ${dataDir} are open.`
    case 'endpoints':
      return `DynamoDB at ${host(chosen.dynamodbEndpoint)}, S3 at ${host(chosen.s3Endpoint)}, bucket ${chosen.bucket}.`
    case 'aws':
      return `AWS, region ${chosen.region ?? 'of the SDK'}, bucket ${chosen.bucket}.`
  }
}

/** Room for the doctor's own sound and its result. */
const NEEDED_BYTES = 64 * MiB

const disk = ({ config, folders, traces }: Patient): Check => ({
  name: 'disk',
  needs: ['stores'],
  ifItThrows:
    'Have DATA_DIR name a folder that this user may write to, with room for each source and its result.',
  async look() {
    const root = path.join(config.get().dataDir, 'tmp')
    const own = new WorkFolders(root, newId())
    traces.add('temporary files', () => own.close())
    await using folder = await own.make(NEEDED_BYTES)
    folders.set(own)
    return ok(`${(folder.freeBytes / GiB).toFixed(1)} GiB are free for temporary files in ${root}.`)
  },
})
