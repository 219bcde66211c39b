/** Sends a file with tus-js-client: one request that goes on for as long as it may, as tus has it. */
import { createReadStream } from 'node:fs'
import * as tus from 'tus-js-client'

const [endpoint, path, size] = process.argv.slice(2)

await new Promise((resolve, reject) => {
  new tus.Upload(createReadStream(path, { highWaterMark: 1024 * 1024 }), {
    endpoint,
    uploadSize: Number(size),
    chunkSize: 64 * 1024 * 1024,
    retryDelays: [0, 1000, 3000, 5000],
    onSuccess: resolve,
    onError: reject,
  }).start()
})
