import { useQuery } from '@tanstack/react-query'
import { fetchFormats } from '../api.ts'

/** All that the server can make, and its limits. They do not change while the page is open. */
export const useFormats = () =>
  useQuery({ queryKey: ['formats'], queryFn: ({ signal }) => fetchFormats(signal), staleTime: Infinity })
