import { parseArgs } from 'node:util'
import { benchBatch } from './batch.ts'
import { benchBullmq } from './bullmq.ts'
import { benchConversion } from './conversion.ts'
import { write } from './meters.ts'
import { benchReads } from './reads.ts'
import { benchLargeUpload } from './upload-large.ts'
import { benchSoak } from './soak.ts'
import { benchUploads } from './uploads.ts'
import { benchWrites } from './writes.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '10' }, runs: { type: 'string', default: '3' } },
})

const BENCHES: Record<string, () => Promise<void>> = {
  conversion: () => benchConversion({ minutes: Number(values.minutes), runs: Number(values.runs) }),
  batch: () => benchBatch({ runs: Number(values.runs) }),
  reads: benchReads,
  writes: benchWrites,
  uploads: benchUploads,
  'large-upload': benchLargeUpload,
  bullmq: benchBullmq,
  soak: () => benchSoak({ minutes: Number(values.minutes) }),
}

const names = positionals.length > 0 ? positionals : ['conversion', 'batch', 'reads', 'writes']
for (const name of names) {
  const bench = BENCHES[name]
  if (!bench) throw new Error(`There is no bench "${name}". Benches are: ${Object.keys(BENCHES).join(', ')}.`)
  write(`\n== ${name}`)
  await bench()
}
