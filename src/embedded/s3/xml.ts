import { XMLParser } from 'fast-xml-parser'
import { S3Error } from './errors.ts'

/** A piece of XML that is already escaped. */
export type Xml = { readonly xml: string }

type Content = string | number | boolean | undefined | Xml | readonly Xml[]

/** Template for answers: values are escaped, pieces of XML and lists of them go in as they are, `undefined` vanishes. */
export const xml = (literals: TemplateStringsArray, ...contents: readonly Content[]): Xml => ({
  xml: literals.reduce((text, literal, at) => text + render(contents[at - 1]) + literal),
})

/** An element, or nothing at all when it has no content. */
export const optional = (name: string, content: string | number | undefined): Xml => ({
  xml: content === undefined ? '' : `<${name}>${render(content)}</${name}>`,
})

/** The text of a whole answer. */
export const xmlDocument = (root: Xml): string => `<?xml version="1.0" encoding="UTF-8"?>\n${root.xml}`

/** The default namespace of every S3 answer except errors. */
export const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

/**
 * A request body as plain objects: element names become properties, all text stays text, spaces included.
 * Elements named in `lists` are arrays even when there is only one. Throws MalformedXML.
 */
export function parseXml(text: string, lists: readonly string[] = []): unknown {
  // No client of S3 sends DOCTYPE, CDATA or comments; without the first there are no entities that could grow.
  if (text.includes('<!') || !isBalanced(text)) throw new S3Error('MalformedXML')
  const parser = new XMLParser({
    parseTagValue: false,
    trimValues: false,
    ignoreDeclaration: true,
    // The parser drops references to control characters in silence: a key would become that of another object.
    processEntities: false,
    tagValueProcessor: (_, value) => unescape(value),
    isArray: (name) => lists.includes(name),
  })
  try {
    return parser.parse(text)
  } catch {
    throw new S3Error('MalformedXML')
  }
}

/** Whether every element is closed where it should be: the parser overlooks it. */
function isBalanced(text: string): boolean {
  const open: string[] = []
  for (const [, slash, name = '', empty] of text.matchAll(/<(\/?)([^\s<>/?]+)[^<>]*?(\/?)>/g)) {
    if (slash === '' && empty === '') open.push(name)
    if (slash === '/' && open.pop() !== name) return false
  }
  return open.length === 0
}

const ENTITIES = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

function unescape(text: string): string {
  return text.replace(/&([^;]*);?/g, (_, entity: string) => {
    const [, hex, decimal] = /^#(?:x([\da-f]{1,6})|(\d{1,7}))$/i.exec(entity) ?? []
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    const character = ENTITIES.get(entity) ?? (code <= 0x10ffff ? String.fromCodePoint(code) : undefined)
    // Half a surrogate pair has no bytes of its own: it would name the object of another key.
    if (!character?.isWellFormed()) throw new S3Error('MalformedXML')
    return character
  })
}

function render(content: Content): string {
  if (content === undefined) return ''
  if (typeof content === 'object') return 'xml' in content ? content.xml : content.map(render).join('')
  return escape(String(content))
}

const NAMED: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Control characters too: S3 keys may hold them, and a parser would turn a bare carriage return into a newline. */
const escape = (text: string): string =>
  // eslint-disable-next-line no-control-regex
  text.replace(/[&<>"\u0000-\u001f]/g, (found) => NAMED[found] ?? `&#x${found.charCodeAt(0).toString(16)};`)
