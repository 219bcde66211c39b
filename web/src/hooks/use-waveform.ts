import { skipToken, useQuery } from '@tanstack/react-query'
import { useEffect, useState, type RefObject } from 'react'
import type { WaveformView } from '../../../src/contract/waveform.ts'
import type { SoundPlace } from '../addresses.ts'
import { fetchWaveform } from '../api.ts'

const ASK_AGAIN_MS = 2000

/** The picture of a sound; undefined until the server has made it, and as long as nobody needs it. */
export function useWaveform(place: SoundPlace | undefined, points: number): WaveformView | undefined {
  const { data } = useQuery({
    queryKey: ['waveform', place, points],
    queryFn: place
      ? async ({ signal }) => (await fetchWaveform(place, points, signal)) ?? 'making'
      : skipToken,
    refetchInterval: ({ state }) => (state.data === 'making' ? ASK_AGAIN_MS : false),
    staleTime: Infinity,
    placeholderData: (coarser) => coarser,
  })
  return data === 'making' ? undefined : data
}

/** Whether an element has been on the screen: what nobody looks at costs nothing. */
export function useSeen(element: RefObject<Element | null>): boolean {
  const [seen, setSeen] = useState(false)
  useEffect(() => {
    if (!element.current || seen) return
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) setSeen(true)
    })
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [element, seen])
  return seen
}
