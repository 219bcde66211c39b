import { useQuery } from '@tanstack/react-query'
import { fetchLog } from '../api.ts'
import { messages } from '../messages/index.ts'
import styles from './job-log.module.css'

/** What FFmpeg said last. */
export function JobLog({ jobId }: { jobId: string }) {
  const words = messages.changes
  const log = useQuery({ queryKey: ['log', jobId], queryFn: ({ signal }) => fetchLog(jobId, signal) })
  return (
    <section className={styles['log']}>
      <h4>{words.log}</h4>
      <pre tabIndex={0} lang="en">
        {log.isPending ? words.loadingLog : (log.data ?? '').trim() || words.noLog}
      </pre>
    </section>
  )
}
