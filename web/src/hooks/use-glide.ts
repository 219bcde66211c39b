import { useEffect, useRef, type RefObject } from 'react'
import { onward, restingAt, shownAt } from '../motion/glide.ts'
import type { Way } from '../tracks/describe-track.ts'

const isCalm = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches

/**
 * Draws a way on an element, as its custom property `--share` from 0 to 1: between two pieces of news it goes on at the
 * speed that was foretold, and never back. It is drawn past React, which need not know of each frame.
 */
export function useGlide({ percent, etaMs }: Way): RefObject<HTMLDivElement | null> {
  const element = useRef<HTMLDivElement>(null)
  const glide = useRef(restingAt(0))
  useEffect(() => {
    glide.current = onward(glide.current, { percent, etaMs: isCalm() ? null : etaMs }, performance.now())
    let frame = 0
    const draw = () => {
      const shown = shownAt(glide.current, performance.now())
      element.current?.style.setProperty('--share', String(shown / 100))
      if (glide.current.rate > 0) frame = requestAnimationFrame(draw)
    }
    draw()
    return () => cancelAnimationFrame(frame)
  }, [percent, etaMs])
  return element
}
