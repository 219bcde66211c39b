/** A condition in DynamoDB's expression language; its placeholders are named `#attribute` and `:ifName`. */
export type Condition = { expression: string; names: readonly string[]; values?: Record<string, unknown> }

/**
 * Input fields of an update that sets `values` (and removes those that are undefined) only where `condition` holds,
 * and answers the stored item whether it holds or not.
 */
export function conditionalUpdate(values: Record<string, unknown>, condition: Condition) {
  const entries = Object.entries(values)
  const set = entries.filter(([, value]) => value !== undefined)
  const removed = entries.filter(([, value]) => value === undefined)
  const clauses = [
    set.length > 0 ? `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')}` : '',
    removed.length > 0 ? `REMOVE ${removed.map(([name]) => `#${name}`).join(', ')}` : '',
  ]
  return {
    UpdateExpression: clauses.filter(Boolean).join(' '),
    ConditionExpression: condition.expression,
    ExpressionAttributeNames: attributeNames([...Object.keys(values), ...condition.names]),
    ExpressionAttributeValues: { ...prefixed(set), ...prefixed(Object.entries(condition.values ?? {})) },
    ReturnValues: 'ALL_NEW' as const,
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  }
}

/** Input fields that make a read answer only these attributes. */
export function projection(names: readonly string[]) {
  return {
    ProjectionExpression: names.map((name) => `#${name}`).join(', '),
    ExpressionAttributeNames: attributeNames(names),
  }
}

/** `#name` for every name: so none has to be checked against DynamoDB's list of reserved words. */
export const attributeNames = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [`#${name}`, name]))

const prefixed = (entries: [string, unknown][]) =>
  Object.fromEntries(entries.map(([name, value]) => [`:${name}`, value]))
