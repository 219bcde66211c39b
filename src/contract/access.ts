import { z } from 'zod'

/** Reading without a key, for a while. */
export const PassView = z
  .object({
    owner: z.string().nullable().describe('Whose key asked; null where the service asks for no keys'),
    access: z.string().nullable().describe('To be added to addresses as `?access=…`'),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'Pass' })
export type PassView = z.infer<typeof PassView>

const LINK_SECONDS = { least: 60, most: 7 * 24 * 3600, usual: 3600 }

/** How long a link to a result is to work. */
export const LinkRequest = z
  .object({
    expiresInSeconds: z
      .number()
      .int()
      .min(LINK_SECONDS.least)
      .max(LINK_SECONDS.most)
      .default(LINK_SECONDS.usual)
      .describe('A minute to seven days; never longer than the result is kept'),
  })
  .meta({ id: 'LinkRequest' })

/** A link to a result that works by itself. */
export const LinkView = z
  .object({
    url: z.url().describe('For whoever has it, without a key'),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'Link' })
export type LinkView = z.infer<typeof LinkView>
