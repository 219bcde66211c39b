/** What the components know of the files: the deck that moves them, and what one looks like. */
export { Deck } from './deck.ts'
export { needsPage, sameWish, type Track, type Wish } from './track.ts'
