import { useEffect, useRef } from 'react'
import type { Player, Playing, Recording, Side } from '../listening/player.ts'
import { messages } from '../messages/index.ts'
import { duration } from '../messages/units.ts'
import styles from './play-slider.module.css'

type PlaySliderProps = {
  player: Player
  playing: Playing | undefined
  recording: Recording
  side: Side
  name: string
  durationMs: number
}

/** The place in the sound: shown as it plays, and set by a click on the sound or by keys. */
export function PlaySlider({ player, playing, recording, side, name, durationMs }: PlaySliderProps) {
  const input = useRef<HTMLInputElement>(null)
  const isPlaying = playing?.state === 'playing'
  const isOurs = playing !== undefined
  // Past React, which need not know of each frame.
  useEffect(() => {
    let frame = 0
    const draw = () => {
      if (input.current) {
        input.current.value = String(isOurs ? player.position() : 0)
        input.current.setAttribute('aria-valuetext', duration(input.current.valueAsNumber * 1000))
      }
      if (isPlaying) frame = requestAnimationFrame(draw)
    }
    draw()
    return () => cancelAnimationFrame(frame)
  }, [player, playing, isPlaying, isOurs])
  return (
    <input
      ref={input}
      className={styles['place']}
      data-on={isOurs}
      type="range"
      min={0}
      max={durationMs / 1000}
      step={0.01}
      defaultValue={0}
      aria-label={messages.listen.position(name)}
      onChange={({ target }) => player.seek(recording, side, target.valueAsNumber)}
      onKeyDown={(event) => {
        const seconds = STEPS[event.key]
        if (seconds === undefined) return
        event.preventDefault() // a hundredth of a second is no step for a key
        player.seek(recording, side, Math.min(durationMs / 1000, (isOurs ? player.position() : 0) + seconds))
      }}
    />
  )
}

/** Seconds a key moves by. */
const STEPS: Partial<Record<string, number>> = {
  ...{ ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 },
  ...{ PageDown: -10, PageUp: 10 },
}
