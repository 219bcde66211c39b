/**
 * Loaded into the program that is soaked (`NODE_OPTIONS=--import`): on SIGUSR2 it collects what is garbage and says how much
 * of its heap is left, so that what grows is what is held.
 */
import { writeSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

process.on('SIGUSR2', () => {
  collect()
  collect() // what finalizers of the first one let go
  writeSync(1, `heap after collection: ${process.memoryUsage().heapUsed}\n`)
})
