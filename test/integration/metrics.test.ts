import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createApi } from '../support/api.ts'
import { makeAudio } from '../support/audio.ts'
import { makeDataDir } from '../support/embedded.ts'
import { scrape } from '../support/metrics.ts'
import { startService } from '../support/service.ts'

async function song(): Promise<Buffer<ArrayBuffer>> {
  await using folder = await makeDataDir()
  const file = path.join(folder.path, 'song.wav')
  await makeAudio(file, { seconds: 2 })
  return await readFile(file)
}

test('a conversion is counted from the upload to the result, and every unit by what it was for', async () => {
  await using running = await startService()
  const api = createApi(running.url)
  const bytes = await song()
  const { id } = await api.convert(await api.upload('song.wav', bytes), 'mp3')
  await api.done(id)
  const result = await api.result(id)
  const told = await scrape(running.url)
  const tell = (name: string) => told.get(name)
  expect({
    opened: tell('tapedeck_uploads_total{step="opened"}'),
    ready: tell('tapedeck_uploads_total{step="ready"}'),
    uploadBytes: tell('tapedeck_upload_bytes_total'),
    queued: tell('tapedeck_jobs_queued_total'),
    attempts: tell('tapedeck_job_attempts_total'),
    waits: tell('tapedeck_job_wait_seconds_count'),
    runs: tell('tapedeck_job_run_seconds_count{outcome="done"}'),
    done: tell('tapedeck_jobs_ended_total{state="done"}'),
    resultBytes: tell('tapedeck_result_bytes_total'),
    fenced: tell('tapedeck_fenced_commits_total'),
    takeovers: tell('tapedeck_takeovers_total'),
  }).toEqual({
    ...{ opened: 1, ready: 1, uploadBytes: bytes.length },
    ...{ queued: 1, attempts: 1, waits: 1, runs: 1, done: 1, resultBytes: result.length },
    ...{ fenced: 0, takeovers: 0 },
  })
  expect(tell('tapedeck_ffmpeg_exits_total{outcome="ok"}')).toBeGreaterThan(0)
  expect(tell('tapedeck_http_received_bytes_total')).toBeGreaterThan(bytes.length)
  expect(tell('tapedeck_http_sent_bytes_total')).toBeGreaterThan(result.length)
  expect(tell('tapedeck_cache_reads_total{record="job",outcome="hit"}')).toBeGreaterThan(0)
  for (const client of ['interactive', 'background', 'objects', 'parts'])
    expect(tell(`tapedeck_breaker_state{client="${client}"}`)).toBe(0)
  const patterns = [...told.keys()].filter((name) => name.startsWith('tapedeck_dynamodb_units_total'))
  expect(patterns.join()).toContain('pattern="job-claim"')
  expect(patterns.filter((name) => name.includes('pattern="other"'))).toEqual([])
})

test('what waits is read for a scrape at most every ten seconds', async () => {
  await using running = await startService({ ROLE: 'api' })
  const api = createApi(running.url)
  const uploadId = await api.upload('song.wav', await song())
  await api.convert(uploadId, 'mp3')
  const { id } = await api.convert(uploadId, 'flac')
  await api.post(`jobs/${id}/cancel`)
  const backlog = async () => {
    const told = await scrape(running.url)
    return {
      queued: told.get('tapedeck_queue_jobs'),
      oldest: Math.floor((told.get('tapedeck_queue_oldest_seconds') ?? NaN) / 3600),
      jobs: told.get('tapedeck_expired_records{record="job"}'),
      uploads: told.get('tapedeck_expired_records{record="upload"}'),
    }
  }
  // The index may follow its table a moment later.
  await expect
    .poll(() => {
      running.turn(11_000)
      return backlog()
    })
    .toEqual({ queued: 1, oldest: 0, jobs: 0, uploads: 0 })
  const before = running.uses.length
  await backlog()
  expect(running.uses.length).toBe(before)
  running.turn(30 * 3_600_000)
  expect(await backlog()).toEqual({ queued: 1, oldest: 30, jobs: 1, uploads: 1 })
  expect(running.uses.slice(before).map(({ pattern }) => pattern)).toEqual(
    expect.arrayContaining(['queue-orders', 'expired-jobs', 'expired-uploads']),
  )
  expect(running.uses.length).toBe(before + 3)
})

test('while the state is away metrics are answered, and what waits is not known', async () => {
  await using running = await startService({ ROLE: 'api' }, { embedded: true })
  running.stores.background.destroy()
  await running.stores.close()
  const told = await scrape(running.url)
  expect(told.get('tapedeck_queue_jobs')).toBeNaN()
  expect(told.get('tapedeck_expired_records{record="upload"}')).toBeNaN()
})
