import type { Player, Playing, Recording, Side } from '../listening/player.ts'
import { messages } from '../messages/index.ts'
import styles from './play-button.module.css'

type PlayButtonProps = {
  player: Player
  playing: Playing | undefined
  recording: Recording
  side: Side
  name: string
}

/** Plays a row from where it was left, or lets it rest. */
export function PlayButton({ player, playing, recording, side, name }: PlayButtonProps) {
  const { listen } = messages
  const isOn = playing?.state === 'playing' || playing?.state === 'loading'
  return (
    <button
      type="button"
      className={styles['play']}
      data-state={playing?.state ?? 'paused'}
      aria-label={isOn ? listen.pauseFile(name) : listen.playFile(name)}
      onClick={() => player.toggle(recording, side)}
    >
      <svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">
        <path d={isOn ? 'M7 5h3.5v14H7zM13.5 5H17v14h-3.5z' : 'M8 5l11 7-11 7z'} />
      </svg>
    </button>
  )
}
