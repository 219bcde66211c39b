import { UploadBusy } from './failures.ts'

/** Parts one process takes at once: of all clients, of one client, and of one upload. */
const MOST_IN_FLIGHT = { all: 24, client: 18, upload: 6 }
export const MOST_IN_FLIGHT_PER_UPLOAD = MOST_IN_FLIGHT.upload

/** Counts parts on their way, so that too many are sent back before a byte of them is read. */
export class PartSlots {
  readonly #taken = new Map<string, number>()

  /** Throws {@link UploadBusy}; otherwise gives the function that frees the slot again. */
  take(client: string, uploadId: string): () => void {
    const limits = [
      ['all', MOST_IN_FLIGHT.all],
      [`client ${client}`, MOST_IN_FLIGHT.client],
      [`upload ${uploadId}`, MOST_IN_FLIGHT.upload],
    ] as const
    if (limits.some(([name, most]) => this.#count(name) >= most)) throw new UploadBusy()
    for (const [name] of limits) this.#taken.set(name, this.#count(name) + 1)
    return () => {
      for (const [name] of limits) this.#free(name)
    }
  }

  #count = (name: string) => this.#taken.get(name) ?? 0

  #free(name: string): void {
    const left = this.#count(name) - 1
    if (left > 0) this.#taken.set(name, left)
    else this.#taken.delete(name)
  }
}
