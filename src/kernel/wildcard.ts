/**
 * Whether a pattern with at most one `*` fits; the `*` stands for anything, also for nothing (Amazon S3 User Guide,
 * "Elements of a CORS configuration").
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  const [start = '', end] = pattern.split('*')
  if (end === undefined) return pattern === text
  return text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end)
}
