import { useQuery } from '@tanstack/react-query'
import type { ComponentType } from 'react'

const AGAIN_AFTER_MS = 2000

/**
 * A component whose code is loaded when it is first shown, and again and again until that goes well: on a line that breaks
 * off, what needs it stays empty for a while, and nothing else breaks.
 */
export function late<Props extends object>(
  name: string,
  load: () => Promise<{ default: ComponentType<Props> }>,
): ComponentType<Props> {
  return function Late(props: Props) {
    const { data: loaded } = useQuery({
      queryKey: ['code', name],
      queryFn: load,
      staleTime: Infinity,
      gcTime: Infinity,
      retry: true,
      retryDelay: AGAIN_AFTER_MS,
    })
    return loaded && <loaded.default {...props} />
  }
}
