import { useQuery } from '@tanstack/react-query'
import { fetchFormats } from '../api.ts'
import { spoken } from '../messages/names.ts'

/** All that the server can make, and its limits. They do not change while the page is open. */
export const useFormats = () =>
  useQuery({
    queryKey: ['formats'],
    queryFn: async ({ signal }) => spoken(await fetchFormats(signal)),
    staleTime: Infinity,
  })
