import { InvalidName } from './failures.ts'

/** What common file systems take for one name. */
const MOST_BYTES = 255
/** Control characters and line separators. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}]/gu
/** Marks of text direction, of no width and the like: they make a name lie about itself. */
const INVISIBLE = /[\p{Cf}&&\p{Default_Ignorable_Code_Point}]/gv

/**
 * The name as we keep it: NFC, its last path segment, without invisible characters, unsafe ones replaced, at most 255
 * bytes of UTF-8.
 * Throws {@link InvalidName} when nothing is left.
 */
export function cleanFileName(name: string): string {
  const lastSegment = name.normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  const safe = lastSegment.toWellFormed().replaceAll(INVISIBLE, '').replaceAll(UNSAFE, '_').trim()
  const short = shorten(safe)
  if (short === '' || /^\.+$/.test(short)) throw new InvalidName()
  return short
}

/** Cuts at whole characters and keeps the extension. */
function shorten(name: string): string {
  if (Buffer.byteLength(name) <= MOST_BYTES) return name
  const extension = /\.[^.]{1,16}$/.exec(name)?.[0] ?? ''
  let stem = ''
  for (const character of name.slice(0, name.length - extension.length)) {
    if (Buffer.byteLength(stem + character + extension) > MOST_BYTES) break
    stem += character
  }
  return stem + extension
}
