import { useQuery } from '@tanstack/react-query'
import type { ComponentType } from 'react'
import { messages } from '../messages/index.ts'

type Load<Props> = () => Promise<{ default: ComponentType<Props> }>

/** Everything that is loaded late, to be fetched as soon as somebody may need it. */
const loads = new Set<() => Promise<unknown>>()

/**
 * Fetches all late code now, so that a line which breaks off later does not matter. Browsers remember a failed fetch of
 * code until the page is reloaded, so what fails is told where it is needed.
 */
export const fetchLateCode = (): void => void Promise.allSettled([...loads].map((load) => load()))

/** A component whose code is not part of the first load. What failed to load says so, and breaks nothing else. */
export function late<Props extends object>(name: string, load: Load<Props>): ComponentType<Props> {
  loads.add(load)
  return function Late(props: Props) {
    const code = useQuery({ queryKey: ['code', name], queryFn: load, staleTime: Infinity, gcTime: Infinity })
    if (code.data) return <code.data.default {...props} />
    return (
      code.isError && (
        <p role="alert">
          {messages.page.notLoaded}{' '}
          <button type="button" onClick={() => window.location.reload()}>
            {messages.page.reload}
          </button>
        </p>
      )
    )
  }
}
