import { z } from 'zod'

export const LiveView = z.object({ status: z.literal('ok') }).meta({ id: 'Live' })

export const ReadyView = z
  .object({
    status: z.enum(['ok', 'degraded']),
    degraded: z.array(z.string()).describe('What does not answer: `state`, `objects`, `ffmpeg`'),
  })
  .meta({ id: 'Ready' })
export type ReadyView = z.infer<typeof ReadyView>
