import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createApi, json } from '../support/api.ts'
import { makeAudio } from '../support/audio.ts'
import { makeDataDir } from '../support/embedded.ts'
import { startProgram } from '../support/program.ts'

type Line = {
  level: number
  msg: string
  requestId?: string
  traceId?: string
  jobId?: string
  uploadId?: string
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

/** Whole lines of the log; the last one may be on its way. */
const linesOf = (output: string): Line[] =>
  output
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)

test('of a conversion and its end each step is logged, no id of it in full, and with the request that caused it', async () => {
  await using folder = await makeDataDir()
  await using program = await startProgram()
  const api = createApi(program.url)
  const file = path.join(folder.path, 'song.wav')
  await makeAudio(file, { seconds: 2 })
  const bytes = await readFile(file)

  const uploadId = await api.upload('song.wav', bytes)
  const order = { 'x-request-id': 'request-of-the-order', traceparent: `00-${TRACE}-00f067aa0ba902b7-01` }
  const job = await json<{ id: string }>(await api.post('jobs', { uploadId, format: 'mp3' }, order), 202)
  await api.done(job.id)
  expect((await api.call(`jobs/${job.id}`, { method: 'DELETE' })).status).toBe(204)
  expect((await api.call(`uploads/${uploadId}`, { method: 'DELETE' })).status).toBe(204)
  const { id: refusedId } = await api.createUpload('text.wav', 4)
  await json(await api.putPart(refusedId, 1, Buffer.from('text')))
  expect((await api.complete(refusedId)).status).toBe(422)
  await program.kill('SIGTERM')

  const output = program.output()
  for (const id of [uploadId, job.id, refusedId]) {
    expect(output).not.toContain(id)
    expect(output).toContain(`${id.slice(0, 8)}…`)
  }
  const lines = linesOf(output)
  const steps = (name: 'jobId' | 'uploadId', id: string) =>
    lines.filter((line) => line[name]?.startsWith(id.slice(0, 8))).map(({ msg }) => msg)
  expect(steps('jobId', job.id)).toEqual([
    ...['job queued', 'conversion started', 'conversion ended', 'job removed'],
  ])
  expect(steps('uploadId', uploadId)).toEqual([
    ...['upload opened', 'upload completing', 'upload ready', 'job queued', 'upload removed'],
  ])
  expect(steps('uploadId', refusedId)).toEqual(['upload opened', 'upload completing', 'upload refused'])
  expect(lines.find(({ msg }) => msg === 'job queued')).toMatchObject({
    requestId: 'request-of-the-order',
    traceId: TRACE,
  })
  expect(lines.find(({ msg }) => msg === 'upload opened')).not.toHaveProperty('traceId')
  for (const step of ['upload opened', 'upload ready', 'upload removed', 'job removed'])
    expect(lines.find(({ msg }) => msg === step)?.requestId, step).toMatch(/^[0-9a-f-]{36}$/)
})
