import type { Measured } from '../../../src/contract/jobs.ts'
import type { Job } from '../hooks/use-job.ts'
import { useWaveform } from '../hooks/use-waveform.ts'
import { messages } from '../messages/index.ts'
import { decibels } from '../messages/units.ts'
import { changeWords } from '../tracks/describe-change.ts'
import styles from './details-panel.module.css'
import { JobLog } from './job-log.tsx'

/** What a conversion changes: foretold while it runs, then as it was found; and what to look at when it failed. */
export default function DetailsPanel({ job: { progress, record } }: { job: Job }) {
  const words = messages.changes
  if (!record) return null
  const isDone = record.state === 'done'
  return (
    <div className={styles['panel']}>
      <section>
        <h4>{isDone ? words.was : words.heading}</h4>
        {record.result?.copied && <p>{words.copied}</p>}
        {record.changes.length === 0 && <p>{words.none}</p>}
        {record.changes.length > 0 && (
          <table>
            <thead>
              <tr>
                <td />
                <th scope="col">{words.before}</th>
                <th scope="col">{words.after}</th>
              </tr>
            </thead>
            <tbody>
              {record.changes.map((change) => {
                const { what, from, to } = changeWords(change)
                return (
                  <tr key={change.what}>
                    <th scope="row">{what}</th>
                    <td>{from}</td>
                    <td>{to}</td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        )}
      </section>
      {isDone && <Loudness jobId={record.id} uploadId={record.source.uploadId} />}
      {progress?.state === 'failed' && <JobLog jobId={record.id} />}
    </div>
  )
}

/** Of source and result, as measured when their pictures were made. */
function Loudness({ jobId, uploadId }: { jobId: string; uploadId: string }) {
  const words = messages.changes
  const source = useWaveform({ uploadId }, 480)?.loudness
  const result = useWaveform({ jobId }, 480)?.loudness
  return (
    <section>
      <h4>{words.loudness}</h4>
      <table>
        <thead>
          <tr>
            <td />
            <th scope="col">{words.integrated}</th>
            <th scope="col">{words.range}</th>
            <th scope="col">{words.peak}</th>
          </tr>
        </thead>
        <tbody>
          <LoudnessRow label={words.before} measured={source} />
          <LoudnessRow label={words.after} measured={result} />
        </tbody>
      </table>
    </section>
  )
}

function LoudnessRow({ label, measured }: { label: string; measured: Measured | undefined }) {
  const cell = (value: number | null | undefined, unit: string) =>
    value === undefined ? '…' : value === null ? messages.changes.silence : decibels(value, unit)
  return (
    <tr>
      <th scope="row">{label}</th>
      <td>{cell(measured?.integratedLufs, 'LUFS')}</td>
      <td>{cell(measured?.rangeLu, 'LU')}</td>
      <td>{cell(measured?.truePeakDb, 'dBTP')}</td>
    </tr>
  )
}
