/** What the components know of the files: the deck that moves them, and what one looks like. */
export { Deck } from './deck.ts'
export { createHistory } from './history.ts'
export { hasRival, isOutdone, orderFor, withOption, type OptionValue } from './order.ts'
export type { LookedAt } from './revive.ts'
export { isEditable, needsPage, type Edits, type PickedFile, type Track, type Wish } from './track.ts'
