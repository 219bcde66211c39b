import styles from './reel.module.css'

const HUB = 8.5
const FULL = 19
const SPOKES = [0, 60, 120, 180, 240, 300]

type ReelProps = {
  /** How much of the tape is on it, 0 to 1. */
  wound: number
  turning: boolean
}

/** One reel of a cassette. Tape covers area, so the radius grows with the root of its length. */
export function Reel({ wound, turning }: ReelProps) {
  const pack = Math.sqrt(HUB ** 2 + wound * (FULL ** 2 - HUB ** 2))
  return (
    <svg
      className={styles['reel']}
      viewBox="-20 -20 40 40"
      data-turning={turning}
      aria-hidden="true"
      focusable="false"
    >
      <circle className={styles['pack']} r={pack} />
      <circle className={styles['hub']} r={HUB} />
      <g className={styles['spokes']}>
        {SPOKES.map((angle) => (
          <rect key={angle} x="-1" y="-7.5" width="2" height="3.5" transform={`rotate(${angle})`} />
        ))}
        <circle r="2.5" />
      </g>
    </svg>
  )
}
