import path from 'node:path'

const LONGEST_NAME_BYTES = 255

/** The source's name with another extension. */
export const resultNameFor = (sourceName: string, extension: string) =>
  fitted(path.parse(sourceName).name, `.${extension}`)

/**
 * Names for files that come to lie in one folder, on whatever system: each is different from all before it, also where
 * case does not count, and each is a name on Windows, too, where `C:song.mp3` leads elsewhere and `nul.mp3` nowhere.
 */
export function namesInOneFolder(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    const { name: stem, ext } = path.parse(windowsName(name))
    let free = `${stem}${ext}`
    for (let number = 2; taken.has(caseless(free)); number++) free = fitted(stem, ` (${number})${ext}`)
    taken.add(caseless(free))
    return free
  })
}

/**
 * Characters that Windows has in no name, and names that it keeps for devices, whatever their extension ("Naming Files,
 * Paths, and Namespaces", learn.microsoft.com/windows/win32/fileio/naming-a-file).
 */
const FORBIDDEN = /[<>:"|?*]/g
const DEVICE = /^(con|prn|aux|nul|(com|lpt)[\d¹²³])(?= *(\.|$))/i
const windowsName = (name: string) => name.replaceAll(FORBIDDEN, '_').replace(DEVICE, '$1_')

/** Lower case alone would tell the two small sigmas apart, upper case alone the Kelvin sign from the letter. */
const caseless = (name: string) => name.toLowerCase().toUpperCase()

/** A name whose stem is cut at a whole character, so that file systems take it. */
function fitted(stem: string, ending: string): string {
  const bytes = Buffer.from(stem)
  let end = Math.min(bytes.length, LONGEST_NAME_BYTES - Buffer.byteLength(ending))
  while (end < bytes.length && isContinuation(bytes[end])) end -= 1
  return `${bytes.toString('utf8', 0, end)}${ending}`
}

/** A byte inside a character of UTF-8 (RFC 3629, 3). */
const isContinuation = (byte = 0) => (byte & 0xc0) === 0x80
