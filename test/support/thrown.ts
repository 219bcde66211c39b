/** What this throws, to be compared by its fields; undefined where it does not throw. */
export function thrownBy(act: () => unknown): unknown {
  try {
    act()
    return undefined
  } catch (error) {
    return error
  }
}
