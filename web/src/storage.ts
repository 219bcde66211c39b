/** The browser's `localStorage`; undefined where it is forbidden. */
export function browserStorage(): Storage | undefined {
  try {
    return window.localStorage
  } catch {
    return undefined
  }
}

/** The browser's `sessionStorage`, which no other tab sees; undefined where it is forbidden. */
export function tabStorage(): Storage | undefined {
  try {
    return window.sessionStorage
  } catch {
    return undefined
  }
}
