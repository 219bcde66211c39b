import { writeFile } from 'node:fs/promises'
import { GiB } from '../src/kernel/units.ts'
import type { UploadProgressView } from '../src/contract/index.ts'
import { createApi, json } from '../test/support/api.ts'
import { cpuSeconds, dynamoUnits, mib, peakMemoryBytes, sum, write } from './meters.ts'
import { sendTapedeck } from './upload-senders.ts'
import { makeFile, openStage } from './upload-stage.ts'

const SIZE = 12 * GiB
/** One GiB: after that the server should need no more. */
const FIRST_PARTS = 128

/** 1,536 parts: more than S3 lists at once. The file is silence that takes no place on this disk, but in S3 it does. */
export async function benchLargeUpload(): Promise<void> {
  await using stage = await openStage()
  const file = await makeFile(stage.folder, SIZE, { sparse: true })
  await using server = await stage.startServer()
  const api = createApi(server.url)
  let before = 0
  const takeBaseline = async () => {
    await writeFile(`/proc/${server.pid}/clear_refs`, '5') // from now on a new peak (Linux: proc(5))
    before = await peakMemoryBytes(server.pid)
  }
  const seen: UploadProgressView[] = []
  let uploadId = ''
  let stored = 0
  let wrong = 0
  const look = async () => {
    const view = await api.uploadProgress(uploadId)
    // Others may have been stored since it was asked; none can be that it tells of and that is not.
    if (view.partsReceived < stored - 1 || view.progress > 100) wrong += 1
    seen.push(view)
  }
  const { id, sentSeconds, totalSeconds } = await sendTapedeck(server.url, file, {
    on: {
      state: (_step, known) => (uploadId = known?.id ?? uploadId),
      part: () => {
        stored += 1
        if (stored === FIRST_PARTS) void takeBaseline()
        if (stored % 64 === 0) void look()
      },
    },
  })
  const falls = seen.filter((view, at) => view.progress < (seen[at - 1]?.progress ?? 0)).length
  write(
    `${mib(SIZE)} in ${stored} parts: sent in ${sentSeconds.toFixed(0)} s, ready after ${totalSeconds.toFixed(0)} s`,
  )
  const most = await peakMemoryBytes(server.pid)
  write(`  memory ${mib(before)} after the first GiB, ${mib(most)} at most until the end`)
  write(`  processor ${((await cpuSeconds(server.pid)) / (SIZE / GiB)).toFixed(2)} s a GiB, all in all`)
  write(`  progress asked ${seen.length} times: ${falls} times lower than before, ${wrong} times wrong`)
  write(`  ${sum(await dynamoUnits(server.url)).toFixed(0)} capacity units`)
  const again = await Promise.all([api.complete(id), api.complete(id)])
  const [one, two] = await Promise.all(again.map((answer) => json(answer)))
  write(
    `  completed twice more: the same answer ${JSON.stringify(one) === JSON.stringify(two) ? 'each time' : 'NOT'}`,
  )
  write(`  ${JSON.stringify(await api.findUpload(id)).slice(0, 240)}`)
}
