import { useSyncExternalStore } from 'react'
import { access } from '../access/index.ts'

/** Draws a component again when the pass that its addresses bear has been renewed. */
export const usePass = () => useSyncExternalStore(access.subscribe, access.pass)
