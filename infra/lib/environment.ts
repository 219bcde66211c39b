import { loadConfig } from '../../src/config/index.ts'
import type { Options } from './options.ts'
import type { State } from './state-stack.ts'

export const PORT = 3000
export type Role = 'all' | 'api' | 'worker'

/**
 * The variables of a process. The program's own check sees them first, so that a wrong one fails here and not in a
 * container that will not start.
 */
export function environmentOf(
  role: Role,
  { options, state, region }: Parts,
  ofPlace: Record<string, string>,
): Record<string, string> {
  const environment = {
    ROLE: role,
    PORT: String(PORT),
    DYNAMODB_TABLE_PREFIX: options.prefix,
    RETENTION_HOURS: String(options.retentionHours),
    // Bytes go between clients and S3: the load balancer bills what passes it, and App Runner ends what takes long.
    UPLOAD_TRANSPORT: 'direct',
    LOG_LEVEL: 'info', // the lines that metrics are made of
    ...ofPlace,
    ...options.settings,
  }
  loadConfig({ ...environment, S3_BUCKET_NAME: 'named-by-the-stack' })
  return { ...environment, AWS_REGION: region, S3_BUCKET_NAME: state.bucket.bucketName }
}

type Parts = { options: Options; state: State; region: string }
