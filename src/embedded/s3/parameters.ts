import { notImplemented, S3Error } from './errors.ts'
import type { S3Request } from './request.ts'

/** A whole number from the query. Throws InvalidArgument outside `min` to `max`. */
export function integer(
  { query }: S3Request,
  name: string,
  { min, max, fallback }: { min: number; max: number; fallback: number },
): number {
  const text = query.get(name)
  if (text === undefined || text === '') return fallback
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new S3Error('InvalidArgument', `${name} must be a whole number from ${min} to ${max}.`)
}

/** How many entries a list may have: S3 takes any number and stops at a thousand. */
export const pageSize = (request: S3Request, name: string): number =>
  Math.min(integer(request, name, { min: 0, max: 2 ** 31 - 1, fallback: MAX_PAGE }), MAX_PAGE)

const MAX_PAGE = 1000

/** How keys are written into a list: as they are, or percent-encoded when the request has `encoding-type=url`. */
export function keyEncoding({ query }: S3Request): (key: string) => string {
  const type = query.get('encoding-type')
  if (type === undefined || type === '') return (key) => key
  if (type !== 'url') throw new S3Error('InvalidArgument', 'encoding-type must be url.')
  return formEncode
}

/** Percent-encoding as S3 does it in lists: as in HTML forms, but `/` and `*` stay. */
const formEncode = (key: string): string =>
  encodeURIComponent(key)
    .replace(/%20/g, '+')
    .replace(/%2F/g, '/')
    .replace(/[!'()~]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)

/** Refuses elements of an XML body that would change what is done: `value` must have no others than `known`. */
export function refuseUnknown(value: object, known: readonly string[]): void {
  const unknown = Object.keys(value).find((name) => !known.includes(name) && name !== '#text')
  if (unknown !== undefined) throw notImplemented(`Element ${unknown}`)
}
