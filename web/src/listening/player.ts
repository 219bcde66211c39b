/** Which of the two sounds of a file is heard. */
export type Side = 'source' | 'result'

/** Where a sound can be had from, the best first: each is asked for only when those before cannot be played. */
export type Places = readonly ((signal: AbortSignal) => string | Promise<string>)[]

/** The sounds of one row, and where in the one a moment of the other is; seconds. */
export type Recording = {
  key: string
  places: Partial<Record<Side, Places>>
  toResult: (seconds: number) => number
  toSource: (seconds: number) => number
}

export type Playing = {
  /** The row that is played. */
  key: string | undefined
  side: Side
  /** `loading`: wanted, and not heard yet. */
  state: 'loading' | 'playing' | 'paused' | 'failed'
}

/** As much of an `<audio>` element as is used here. */
export type Speaker = Pick<HTMLAudioElement, 'addEventListener' | 'currentTime' | 'pause' | 'play' | 'src'>

const SILENT: Playing = { key: undefined, side: 'source', state: 'paused' }

/**
 * Plays one row at a time. Source and result have a speaker each, so that changing between them at the same moment leaves
 * no gap: the one is heard until the other is.
 */
export class Player {
  readonly #speakers: Record<Side, Speaker>
  readonly #listeners = new Set<() => void>()
  #recording: Recording | undefined
  #playing = SILENT
  /** The sides whose speakers have their sound. */
  readonly #loaded = new Set<Side>()
  /** Seconds of the side that is on, while it is not heard. */
  #seconds = 0
  #starting = new AbortController()

  constructor(createSpeaker: () => Speaker) {
    const speaker = (side: Side) => {
      const made = createSpeaker()
      made.addEventListener('ended', () => side === this.#playing.side && this.#rest(0))
      return made
    }
    this.#speakers = { source: speaker('source'), result: speaker('result') }
  }

  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  readonly playing = () => this.#playing

  /** Seconds into the side that is on. */
  position(): number {
    const { side, state } = this.#playing
    return state === 'playing' ? this.#speakers[side].currentTime : this.#seconds
  }

  /** Plays a row from where it was left, or lets it rest. */
  toggle(recording: Recording, side: Side): void {
    const { key, state } = this.#playing
    if (key === recording.key && (state === 'playing' || state === 'loading')) this.#rest(this.position())
    else {
      this.#take(recording, side)
      void this.#start(this.#playing.side, this.#seconds)
    }
  }

  /** To the same moment of the other sound; heard on if it was heard. */
  switchTo(recording: Recording, side: Side): void {
    const { state, side: before } = this.#take(recording, side)
    if (before === side) return
    const at = this.position()
    this.#seconds = Math.max(0, side === 'result' ? recording.toResult(at) : recording.toSource(at))
    if (state === 'playing' || state === 'loading') void this.#start(side, this.#seconds)
    else this.#tell({ side, state: 'paused' })
  }

  seek(recording: Recording, side: Side, seconds: number): void {
    const { state } = this.#take(recording, side)
    this.#seconds = Math.max(0, seconds)
    if (state === 'playing') this.#speakers[this.#playing.side].currentTime = this.#seconds
    else this.#tell({})
  }

  /** A row is gone. */
  forget(key: string): void {
    if (this.#playing.key === key) this.#rest(0)
  }

  /** Makes a row the one that is played; gives how it was. */
  #take(recording: Recording, side: Side): Playing {
    this.#recording = recording
    if (this.#playing.key === recording.key) return this.#playing
    this.#rest(0)
    this.#loaded.clear()
    this.#tell({ key: recording.key, side, state: 'paused' })
    return this.#playing
  }

  #rest(seconds: number): void {
    this.#starting.abort()
    this.#seconds = seconds
    for (const speaker of Object.values(this.#speakers)) speaker.pause()
    this.#tell({ state: 'paused' })
  }

  async #start(side: Side, seconds: number): Promise<void> {
    this.#starting.abort()
    const { signal } = (this.#starting = new AbortController())
    const places = this.#recording?.places[side] ?? []
    if (this.#playing.state !== 'playing') this.#tell({ side, state: 'loading' })
    const isHeard = await this.#play(side, places, seconds, signal)
    if (signal.aborted) return
    this.#speakers[other(side)].pause()
    this.#tell({ side, state: isHeard ? 'playing' : 'failed' })
  }

  async #play(side: Side, places: Places, seconds: number, signal: AbortSignal): Promise<boolean> {
    const speaker = this.#speakers[side]
    if (this.#loaded.has(side)) {
      speaker.currentTime = seconds
      return isPlayed(speaker)
    }
    for (const place of places) {
      try {
        const url = await place(signal)
        if (signal.aborted) return false
        URL.revokeObjectURL(speaker.src) // does nothing to an address of the server
        speaker.src = url
      } catch {
        continue // this place has it not
      }
      speaker.currentTime = seconds
      if (!(await isPlayed(speaker))) continue
      this.#loaded.add(side)
      return true
    }
    return false
  }

  #tell(patch: Partial<Playing>): void {
    this.#playing = { ...this.#playing, ...patch }
    for (const listener of this.#listeners) listener()
  }
}

const other = (side: Side): Side => (side === 'source' ? 'result' : 'source')

const isPlayed = (speaker: Speaker): Promise<boolean> =>
  speaker.play().then(
    () => true,
    () => false,
  )
