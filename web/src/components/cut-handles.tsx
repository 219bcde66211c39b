import { useRef, type KeyboardEvent, type PointerEvent } from 'react'
import type { Deck, Track } from '../deck/index.ts'
import type { Cuts, Edge } from '../editing/cuts.ts'
import { useCuts } from '../hooks/use-cuts.ts'
import { messages } from '../messages/index.ts'
import { timeText } from '../editing/time-text.ts'
import styles from './cut-handles.module.css'

/** Milliseconds a key moves an edge by, alone and with Shift. */
const STEP_MS = 100
const LONG_STEP_MS = 1000
const DIRECTIONS: Partial<Record<string, number>> = {
  ...{ ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 },
}

/** The edges of what is kept, laid over the sound: dragged, or moved by keys. */
export default function CutHandles({ deck, track }: { deck: Deck; track: Track }) {
  const durationMs = track.media?.durationMs
  if (!durationMs) return null
  return <Handles {...{ deck, track, durationMs }} />
}

type HandlesProps = { deck: Deck; track: Track; durationMs: number }

function Handles({ deck, track, durationMs }: HandlesProps) {
  const { cuts, move } = useCuts(deck, track, durationMs)
  const { startMs, endMs, fadeInMs, fadeOutMs } = cuts
  const { edit } = messages
  const handle = (edge: Edge, label: string, top: boolean) => (
    <Handle
      key={edge}
      label={edit.edgeOf(label, track.file.name)}
      {...{ edge, cuts, durationMs, top }}
      onMove={(valueMs) => move(edge, valueMs)}
    />
  )
  return (
    <>
      <svg
        className={styles['shade']}
        viewBox={`0 0 ${durationMs} 100`}
        preserveAspectRatio="none"
        aria-hidden="true"
        focusable="false"
      >
        <path
          d={`M0 0H${startMs}V100H0ZM${endMs} 0H${durationMs}V100H${endMs}ZM${startMs} 0H${startMs + fadeInMs}L${startMs} 100ZM${endMs} 0H${endMs - fadeOutMs}L${endMs} 100Z`}
        />
      </svg>
      {handle('startMs', edit.start, false)}
      {handle('fadeInMs', edit.fadeIn, true)}
      {handle('fadeOutMs', edit.fadeOut, true)}
      {handle('endMs', edit.end, false)}
    </>
  )
}

type HandleProps = {
  edge: Edge
  label: string
  cuts: Cuts
  durationMs: number
  /** Of a fade: at the top, so that it does not hide the edge it begins at. */
  top: boolean
  onMove: (valueMs: number) => void
}

function Handle({ edge, label, cuts, durationMs, top, onMove }: HandleProps) {
  const held = useRef(false)
  const atMs = placeOf(edge, cuts)
  const drag = ({ currentTarget, clientX }: PointerEvent<HTMLElement>) => {
    const sound = currentTarget.parentElement?.getBoundingClientRect()
    if (!held.current || !sound) return
    onMove(valueAt(edge, cuts, ((clientX - sound.left) / sound.width) * durationMs))
  }
  const press = (event: KeyboardEvent) => {
    const direction = DIRECTIONS[event.key]
    if (direction === undefined) return
    event.preventDefault()
    const by = direction * (event.shiftKey ? LONG_STEP_MS : STEP_MS)
    onMove(valueAt(edge, cuts, atMs + by))
  }
  return (
    <div
      className={styles['handle']}
      data-edge={edge}
      data-top={top}
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={durationMs}
      aria-valuenow={cuts[edge]}
      aria-valuetext={timeText(cuts[edge])}
      style={{ insetInlineStart: `${(atMs / durationMs) * 100}%` }}
      onKeyDown={press}
      onPointerDown={(event) => {
        held.current = true
        event.currentTarget.setPointerCapture(event.pointerId)
      }}
      onPointerMove={drag}
      onPointerUp={() => (held.current = false)}
      onPointerCancel={() => (held.current = false)}
    />
  )
}

/** Where the handle of an edge stands, milliseconds of the source. */
function placeOf(edge: Edge, { startMs, endMs, fadeInMs, fadeOutMs }: Cuts): number {
  switch (edge) {
    case 'startMs':
      return startMs
    case 'endMs':
      return endMs
    case 'fadeInMs':
      return startMs + fadeInMs
    case 'fadeOutMs':
      return endMs - fadeOutMs
  }
}

/** What an edge is when its handle stands there. */
function valueAt(edge: Edge, { startMs, endMs }: Cuts, atMs: number): number {
  if (edge === 'fadeInMs') return atMs - startMs
  return edge === 'fadeOutMs' ? endMs - atMs : atMs
}
