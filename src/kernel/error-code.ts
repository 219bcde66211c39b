/** The code of an error of Node, such as `ENOENT`; undefined where it has none, or is no error. */
export const errorCode = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined
