import { z } from 'zod'
import { matchesWildcard } from '../../kernel/wildcard.ts'

/** One rule of a bucket: which pages of other origins may ask for what, and what they get to see of the answer. */
export const CorsRule = z.object({
  id: z.string().optional(),
  /** As all patterns here, with at most one `*`, which stands for anything, also for nothing. */
  allowedOrigins: z.array(z.string()),
  allowedMethods: z.array(z.string()),
  allowedHeaders: z.array(z.string()),
  exposeHeaders: z.array(z.string()),
  maxAgeSeconds: z.number().optional(),
})
export type CorsRule = z.infer<typeof CorsRule>

/** What a page wants to do; `headers` are lower-case names, and only those a preflight asks for. */
export type CorsQuestion = {
  readonly origin: string
  readonly method: string
  readonly headers: readonly string[]
}

/** The headers of the first rule that allows all of it; undefined when none does. */
export function corsHeaders(
  rules: readonly CorsRule[],
  question: CorsQuestion,
): Record<string, string> | undefined {
  const rule = rules.find((candidate) => allows(candidate, question))
  return rule && headersOf(rule, question)
}

/** Such a page may read every answer, whoever asked: with that, browsers send no cookies along. */
const ANYBODY = '*'

/** The same for preflights and for what follows them, as on AWS. */
function headersOf(rule: CorsRule, { origin, headers }: CorsQuestion): Record<string, string> {
  const allowed = rule.allowedOrigins.find((pattern) => matchesWildcard(pattern, origin))
  return {
    'access-control-allow-origin': allowed === ANYBODY ? ANYBODY : origin,
    'access-control-allow-methods': rule.allowedMethods.join(', '),
    ...(headers.length > 0 && { 'access-control-allow-headers': headers.join(', ') }),
    ...(rule.exposeHeaders.length > 0 && { 'access-control-expose-headers': rule.exposeHeaders.join(', ') }),
    ...(rule.maxAgeSeconds !== undefined && { 'access-control-max-age': `${rule.maxAgeSeconds}` }),
    ...(allowed !== ANYBODY && { 'access-control-allow-credentials': 'true' }),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  }
}

const allows = (rule: CorsRule, { origin, method, headers }: CorsQuestion): boolean =>
  rule.allowedMethods.includes(method) &&
  rule.allowedOrigins.some((pattern) => matchesWildcard(pattern, origin)) &&
  headers.every((name) => rule.allowedHeaders.some((pattern) => matchesWildcard(pattern.toLowerCase(), name)))
