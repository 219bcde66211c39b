import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { JobRequest, JobView } from '../../src/contract/index.ts'
import { createApi, json } from './api.ts'
import { jobRows } from './audit.ts'
import { makeDataDir } from './program.ts'
import { startService } from './service.ts'
import { makeTake, type Take } from './take.ts'
import { makeTagged, type Recipe } from './tagged.ts'

type Made = { job: JobView; file: string }

/** A service to convert with, and a folder for what goes in and comes out. */
export async function openStudio(env: Record<string, string> = {}) {
  await using opened = new AsyncDisposableStack()
  const folder = opened.use(await makeDataDir()).path
  const { url, stores, tablePrefix } = opened.use(await startService(env))
  const api = createApi(url)
  const all = opened.move()
  const studio = {
    api,
    url,
    stores,
    at: (name: string) => path.join(folder, name),

    /** Makes a file of sound, its container by the name, and uploads it; gives the upload's id. */
    async take(name: string, take: Take): Promise<string> {
      await makeTake(studio.at(name), take)
      return api.upload(name, await readFile(studio.at(name)))
    },

    /** Makes a file with tags, and cover and chapters where its recipe has some; gives where it lies. */
    async tagged(name: string, recipe?: Recipe): Promise<string> {
      const made = studio.at(`tagged-${name}`)
      await mkdir(made)
      return makeTagged(made, name, recipe)
    },

    /** How many jobs there are of an upload, or of it and others. */
    async countJobs(uploadId: string): Promise<number> {
      const rows = await jobRows({ db: stores.background, prefix: tablePrefix })
      return rows.filter(({ source }) => source.uploadId === uploadId).length
    },

    /** Asks for a job and follows it to its end; gives it, and where the result lies. */
    async make(request: JobRequest): Promise<Made> {
      const { id } = await json<JobView>(await api.post('jobs', request), 202)
      await api.done(id)
      const job = await api.findJob(id)
      const file = studio.at(`${id}-${job.name}`)
      await writeFile(file, await api.result(id))
      return { job, file }
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
  return studio
}
export type Studio = Awaited<ReturnType<typeof openStudio>>
