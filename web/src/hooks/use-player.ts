import { createContext, use, useSyncExternalStore } from 'react'
import type { Player, Playing } from '../listening/player.ts'

export const PlayerContext = createContext<Player | undefined>(undefined)

/** The one player of the page. */
export function usePlayer(): Player {
  const player = use(PlayerContext)
  if (!player) throw new Error('There is no player above this component.')
  return player
}

/** How a row is played; undefined as long as another one is. */
export function usePlaying(player: Player, key: string): Playing | undefined {
  const ours = () => (player.playing().key === key ? player.playing() : undefined)
  return useSyncExternalStore(player.subscribe, ours)
}
