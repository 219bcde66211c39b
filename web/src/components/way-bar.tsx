import { useGlide } from '../hooks/use-glide.ts'
import { percentage } from '../messages/units.ts'
import type { Way } from '../tracks/describe-track.ts'
import styles from './way-bar.module.css'

type WayBarProps = { kind: 'upload' | 'conversion'; label: string; way: Way }

/** One way, from nought to a hundred and never back: of an upload a line below the sound, of a conversion its light. */
export function WayBar({ kind, label, way }: WayBarProps) {
  const bar = useGlide(way)
  return (
    <div
      ref={bar}
      className={styles[kind]}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(way.percent * 10) / 10}
      aria-valuetext={percentage(way.percent)}
    />
  )
}
