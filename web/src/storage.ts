/** The browser's `localStorage`; undefined where it is forbidden. */
export function browserStorage(): Storage | undefined {
  try {
    return window.localStorage
  } catch {
    return undefined
  }
}
