import type { Meter } from '../kernel/meter.ts'
import type { Instruments } from './instruments.ts'

type UploadMeter = Pick<Meter, 'recordRead' | 'uploadMoved' | 'uploadStored'>

/** What uploads tell, and how often a record need not be read from the store. */
export function uploadMetrics({ counter }: Instruments): UploadMeter {
  const moves = counter({
    ...{
      name: 'tapedeck_uploads_total',
      help: 'Uploads that were opened, became ready, were refused or removed',
    },
    labels: ['step'],
  })
  const bytes = counter({ name: 'tapedeck_upload_bytes_total', help: 'Bytes of uploads that are ready' })
  const reads = counter({
    ...{ name: 'tapedeck_cache_reads_total', help: 'Records asked for, by whether what was remembered did' },
    labels: ['record', 'outcome'],
  })
  return {
    uploadMoved: (step) => moves.inc({ step }),
    uploadStored: (size) => bytes.inc(size),
    recordRead: (record, hit) => reads.inc({ record, outcome: hit ? 'hit' : 'miss' }),
  }
}
