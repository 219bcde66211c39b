/**
 * The embedded S3 as a process of its own, to be killed, measured, or tested by hand:
 * `node test/support/s3-process.ts <folder> [port]`, with AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
 * Tells its address to its parent, or else to the terminal; answers any message with its peak of memory in bytes.
 */
import { startS3Server } from '../../src/embedded/s3/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLog } from '../../src/kernel/log.ts'

const [directory = 'data/s3', port = '0'] = process.argv.slice(2)
const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = process.env
const { url } = await startS3Server({
  ...{ directory, port: Number(port), region: process.env['AWS_REGION'] ?? 'us-east-1' },
  ...{ credentials: { accessKeyId, secretAccessKey }, clock: systemClock, log: silentLog },
})
if (process.send) process.send(url)
else console.log(url)
process.on('message', () => process.send?.(process.resourceUsage().maxRSS * 1024))
// Not even a test that is killed leaves a server behind.
process.on('disconnect', () => process.exit())
