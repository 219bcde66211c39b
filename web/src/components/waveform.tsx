import { memo, useMemo } from 'react'
import type { WaveformView } from '../../../src/contract/waveform.ts'
import { outlineOf } from '../waveform/outline.ts'
import styles from './waveform.module.css'

/** A sound as one shape. It fills its place, however wide that is. */
export default memo(function Waveform({ view }: { view: WaveformView }) {
  const outline = useMemo(() => outlineOf(view), [view])
  return (
    <svg
      className={styles['wave']}
      viewBox={`0 0 ${view.length} 256`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      <path d={outline} />
    </svg>
  )
})
