#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8'
import { limitBuffers } from './buffer-limit.ts'

/**
 * The bytes of a part pass as buffers outside the heap, which only a collection frees. A young generation that has grown
 * is collected too seldom for that, and full collections have to come: 4.3 processor seconds for a GiB of parts instead
 * of 3. It grows while modules load, hence before them.
 */
setFlagsFromString('--semi-space-growth-factor=1')
limitBuffers()
const { main, tell } = await import('./commands.ts')

try {
  const exitCode = await main(process.argv.slice(2))
  if (exitCode !== undefined) process.exitCode = exitCode
} catch (error) {
  process.stderr.write(tell(error))
  process.exit(1)
}
