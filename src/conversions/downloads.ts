import type { Download } from './file-routes.ts'
import type { ResultStore, StoredFile } from './result-store.ts'

/** The ways to a file in the store; `gone` makes the error that tells it is not there any more. */
export const downloadOf = (
  results: Pick<ResultStore, 'open' | 'link'>,
  file: StoredFile,
  gone: () => Error,
): Download => ({
  file,
  open: async (range) => {
    const bytes = await results.open(file, range)
    if (!bytes) throw gone()
    return bytes
  },
  link: (disposition) => results.link(file, disposition),
})
