import { useId, useState } from 'react'
import type { Deck, Track } from '../deck/index.ts'
import type { Edge } from '../editing/cuts.ts'
import { parseTime, timeText } from '../editing/time-text.ts'
import { useCuts } from '../hooks/use-cuts.ts'
import { usePlayer, usePlaying } from '../hooks/use-player.ts'
import { messages } from '../messages/index.ts'
import styles from './cut-fields.module.css'

const ZOOMS = [1, 2, 4, 8, 16, 32] as const

type CutFieldsProps = {
  deck: Deck
  track: Track
  durationMs: number
  zoom: number
  onZoom: (zoom: number) => void
}

/** The same edges as numbers, to the millisecond; start and end also from what is heard. */
export function CutFields({ deck, track, durationMs, zoom, onZoom }: CutFieldsProps) {
  const { edit } = messages
  const { cuts, move, clear } = useCuts(deck, track, durationMs)
  const player = usePlayer()
  const isOn = usePlaying(player, track.key) !== undefined
  const field = (edge: Edge, label: string, fromSound: boolean) => (
    <TimeField
      label={label}
      valueMs={cuts[edge]}
      onChange={(valueMs) => move(edge, valueMs)}
      onHere={fromSound && isOn ? () => move(edge, player.position() * 1000) : undefined}
    />
  )
  const isWhole = Object.values(cuts).join() === `0,${durationMs},0,0`
  return (
    <div className={styles['fields']}>
      {field('startMs', edit.start, true)}
      {field('endMs', edit.end, true)}
      {field('fadeInMs', edit.fadeIn, false)}
      {field('fadeOutMs', edit.fadeOut, false)}
      <div className={styles['rest']}>
        <span>{edit.length(timeText(cuts.endMs - cuts.startMs))}</span>
        <label>
          {edit.zoom}{' '}
          <select value={zoom} onChange={({ target }) => onZoom(Number(target.value))}>
            {ZOOMS.map((factor) => (
              <option key={factor} value={factor}>
                {factor}×
              </option>
            ))}
          </select>
        </label>
        <button type="button" disabled={isWhole} onClick={clear}>
          {edit.whole}
        </button>
      </div>
    </div>
  )
}

type TimeFieldProps = {
  label: string
  valueMs: number
  onChange: (valueMs: number) => void
  /** Takes the place that is heard; undefined where nothing is. */
  onHere: (() => void) | undefined
}

function TimeField({ label, valueMs, onChange, onHere }: TimeFieldProps) {
  const { edit } = messages
  // What is being typed need not be a time yet.
  const [typed, setTyped] = useState<string>()
  const id = useId()
  const isWrong = typed !== undefined && parseTime(typed) === undefined
  return (
    <div className={styles['field']}>
      <label className="labelled">
        <span>{label}</span>
        <input
          type="text"
          inputMode="decimal"
          autoComplete="off"
          value={typed ?? timeText(valueMs)}
          aria-invalid={isWrong}
          aria-describedby={isWrong ? id : undefined}
          onChange={({ target }) => {
            setTyped(target.value)
            const ms = parseTime(target.value)
            if (ms !== undefined) onChange(ms)
          }}
          onBlur={() => setTyped(undefined)}
        />
      </label>
      {onHere && (
        <button type="button" aria-label={edit.hereLabel(label)} onClick={onHere}>
          {edit.here}
        </button>
      )}
      <small id={id}>{isWrong && edit.wrongTime}</small>
    </div>
  )
}
