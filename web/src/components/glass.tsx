import { useRef, type ReactNode } from 'react'
import type { Track } from '../deck/index.ts'
import { usePlayer, usePlaying } from '../hooks/use-player.ts'
import { useSeen, useWaveform } from '../hooks/use-waveform.ts'
import type { Side } from '../listening/player.ts'
import type { Listening } from '../listening/recording.ts'
import { messages } from '../messages/index.ts'
import { percentage } from '../messages/units.ts'
import type { TrackView } from '../tracks/describe-track.ts'
import styles from './glass.module.css'
import { late } from './late.tsx'
import { PlayButton } from './play-button.tsx'
import { PlaySlider } from './play-slider.tsx'
import { Reel } from './reel.tsx'
import { SideSwitch } from './side-switch.tsx'
import { WayBar } from './way-bar.tsx'

const Waveform = late('waveform', () => import('./waveform.tsx'))

/** Points across the window; its zoom multiplies them. */
const POINTS = 480

type GlassProps = {
  track: Track
  view: TrackView
  listening: Listening | undefined
  /** How many times wider than its window the sound is. */
  zoom: number
  /** What is laid over the sound. */
  children?: ReactNode
}

/**
 * The window of a row: the sound as a tape between two reels. While it is uploaded the tape runs in, while it is converted
 * the sound lights up, and then it can be played, source and result in turn.
 */
export function Glass({ track, view, listening, zoom, children }: GlassProps) {
  const { key, attempt, file } = track
  const frame = useRef<HTMLDivElement>(null)
  const isSeen = useSeen(frame)
  const player = usePlayer()
  const playing = usePlaying(player, key)
  const side: Side = playing?.side ?? (view.result ? 'result' : 'source')
  const sound = listening?.sounds[side]
  const wave = useWaveform(isSeen ? sound?.place : undefined, POINTS * zoom)
  const way = view.conversion ?? view.upload
  const turning = view.tone === 'busy' || playing?.state === 'playing'
  const heard = listening &&
    sound && { player, playing, side, name: file.name, recording: listening.recording }
  return (
    <div className={styles['glass']} data-tone={view.tone}>
      {heard ? <PlayButton {...heard} /> : <Reel wound={1 - way.percent / 100} turning={turning} />}
      <div className={styles['window']} ref={frame}>
        <div className={styles['sound']} style={{ inlineSize: `${zoom * 100}%` }}>
          {wave && <Waveform view={wave} />}
          <WayBar
            key={`upload ${attempt}`}
            kind="upload"
            label={messages.files.uploadOf(file.name)}
            way={view.upload}
          />
          {view.conversion && (
            <WayBar kind="conversion" label={messages.files.conversionOf(file.name)} way={view.conversion} />
          )}
          {heard && <PlaySlider key={side} {...heard} durationMs={sound.durationMs} />}
          {children}
        </div>
        <p role="alert" className={styles['failed']}>
          {playing?.state === 'failed' && messages.listen.failed}
        </p>
      </div>
      <Reel wound={way.percent / 100} turning={turning} />
      {heard && listening.sounds.result ? (
        <SideSwitch {...heard} />
      ) : (
        <span className={styles['counter']} aria-hidden="true">
          {(view.conversion || way.percent < 100) && counter(way.percent)}
        </span>
      )}
    </div>
  )
}

/** Always as wide, so that it stands still while it counts (U+2007 is a space as wide as a digit). */
const counter = (percent: number) => percentage(percent).padStart('100%'.length, '\u2007')
