import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'

/** What a conditional write found instead: `row` is the stored item, absent when there is none. */
export type ConditionFailed = { row: Record<string, unknown> | undefined }

/**
 * The outcome of a conditional write: its answer, or {@link ConditionFailed}. The command must ask for
 * `ReturnValuesOnConditionCheckFailure: 'ALL_OLD'`; the document client leaves that item marshalled.
 */
export async function orConditionFailed<Answer>(write: Promise<Answer>): Promise<Answer | ConditionFailed> {
  try {
    return await write
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
    return { row: error.Item && unmarshall(error.Item) }
  }
}
