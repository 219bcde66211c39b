/** The service's root as a client called it, or as the operator says clients reach it. Ends in a slash. */
export const rootOf = (called: { protocol: string; host: string }, publicUrl: string | undefined) =>
  publicUrl ?? `${called.protocol}://${called.host}/`
