import { messages } from '../messages/index.ts'
import { percentage } from '../messages/units.ts'
import type { Tone } from '../tracks/describe-track.ts'
import styles from './progress-tape.module.css'
import { Reel } from './reel.tsx'

type ProgressTapeProps = { name: string; tone: Tone; percent: number }

/** The whole way of a file in one bar: tape that runs from the left reel to the right one, and never back. */
export function ProgressTape({ name, tone, percent }: ProgressTapeProps) {
  const share = percent / 100
  const turning = tone === 'busy'
  return (
    <div className={styles['tape']} data-tone={tone}>
      <Reel wound={1 - share} turning={turning} />
      <div
        className={styles['run']}
        role="progressbar"
        aria-label={messages.files.progress(name)}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.floor(percent * 10) / 10}
        aria-valuetext={percentage(percent)}
      >
        <div className={styles['done']} style={{ transform: `scaleX(${share})` }} />
      </div>
      <Reel wound={share} turning={turning} />
      <span className={styles['counter']} aria-hidden="true">
        {percentage(percent)}
      </span>
    </div>
  )
}
