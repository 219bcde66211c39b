/** The browser's `localStorage`; undefined where it is forbidden. */
export const browserStorage = () => unlessForbidden(() => window.localStorage)

/** The browser's `sessionStorage`, which no other tab sees; undefined where it is forbidden. */
export const tabStorage = () => unlessForbidden(() => window.sessionStorage)

/** Even to look at it throws where it is forbidden. */
function unlessForbidden(storage: () => Storage): Storage | undefined {
  try {
    return storage()
  } catch {
    return undefined
  }
}
