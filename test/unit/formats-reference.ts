import { format as pretty, resolveConfig } from 'prettier'
import type { OptionDescription } from '../../src/contract/index.ts'
import type { Format } from '../../src/ffmpeg/index.ts'
import { FORMATS, PRESETS } from '../../src/ffmpeg/index.ts'

const INTRODUCTION = `# Formats and options

What each format takes, as \`GET /api/formats\` tells it. This page is made from the description that also validates, and a test
fails when they differ (\`npx vitest run --project unit test/unit/docs.test.ts -u\` writes it anew). Options a format does not
take are refused with \`invalid-option\`, which names them.

An option that is left out means: as in the source, or the nearest the format has. Nothing is raised for its own sake: not the rate,
not the channels, not the bit depth. Where a depth falls, triangular dither is added; rates are changed by soxr at 28 bits. When
no option asks for other audio and the codec fits, the audio is copied, not encoded again (\`result.copied\`). What is not kept is
told in \`changes\` of the job: before, as it will be, and when the job is done, as it was found in the result.

Channels are mixed only when other ones are asked for or the format has no place for them, and never louder than full scale. Where a
format does not have the layout of the source, each channel goes to a place of its own in the nearest layout it has (\`layout\` in
\`changes\`); an LFE channel without a source for it is silent.
`

/** The reference page of formats, from the one description there is. */
export async function formatsReference(file: string): Promise<string> {
  const text = [INTRODUCTION, overview(), presets(), common(), ...FORMATS.map(section)].join('\n')
  return pretty(text, { ...(await resolveConfig(file)), parser: 'markdown' })
}

function overview(): string {
  const rows = FORMATS.map(({ id, label, extension, codec, lossless, ...format }) => [
    ...[code(id), label, `.${extension}`, codec, lossless ? 'yes' : 'no'],
    ...[tagsKept(format.tags), yes(format.cover !== 'none'), yes(format.chapters !== 'none')],
  ])
  return `## All formats\n\n${table(['Id', 'Name', 'File', 'Codec', 'Lossless', 'Tags', 'Cover', 'Chapters'], rows)}`
}

const tagsKept = (tags: Format['tags']) =>
  tags === 'all' ? 'all' : tags.length === 0 ? 'none' : 'known ones'
const yes = (kept: boolean) => (kept ? 'kept' : 'dropped')

function presets(): string {
  const rows = PRESETS.map(({ id, format, options }) => [code(id), code(format), optionsText(options)])
  return `## Presets\n\n${table(['Preset', 'Format', 'Options'], rows)}`
}

const optionsText = (options: object) =>
  Object.keys(options).length === 0 ? '' : code(JSON.stringify(options))

/** Options that most formats take alike are told once. */
function common(): string {
  const first = FORMATS[0]?.options ?? {}
  const rows = Object.entries(first).filter(([name]) => isCommon(name))
  return `## Options of all formats\n\nWhere a format has no tags or no cover, it does not take those two.\n\n${optionTable(rows)}`
}

const COMMON = [
  'trim',
  'fadeInMs',
  'fadeOutMs',
  'tempo',
  'loudness',
  'crossfadeMs',
  'metadata',
  'artwork',
  'name',
]
const isCommon = (name: string) => COMMON.includes(name)

function section({ id, label, options, tags }: Format): string {
  const own = Object.entries(options).filter(([name]) => !isCommon(name))
  const missing = COMMON.filter((name) => !(name in options)).map(code)
  const known = tags === 'all' || tags.length === 0 ? '' : `\nTags it keeps: ${tags.map(code).join(', ')}.\n`
  const lacks = missing.length === 0 ? '' : `\nIt does not take ${missing.join(', ')}.\n`
  return `## ${label} (${code(id)})\n\n${optionTable(own)}${lacks}${known}`
}

function optionTable(options: [string, OptionDescription][]): string {
  const rows = options.map(([name, one]) => [code(name), one.label, values(one), standard(one)])
  return table(['Option', 'Meaning', 'Values', 'Default'], rows)
}

function values(one: OptionDescription): string {
  switch (one.type) {
    case 'integer':
    case 'number':
      return `${one.min} to ${one.max}${one.unit ? ` ${one.unit}` : ''}${one.joinedOnly ? '; joined jobs only' : ''}`
    case 'choice':
      return `${one.choices.join(', ')}${one.unit ? ` ${one.unit}` : ''}`
    case 'keyword':
      return one.choices.map(code).join(', ')
    case 'group':
      return Object.entries(one.fields)
        .map(
          ([name, field]) =>
            `${code(name)}: ${values(field)}${field.default === undefined ? '' : `, ${field.default} by default`}`,
        )
        .join('; ')
    case 'text':
      return `text of up to ${one.maxLength} characters`
    case 'tags':
      return `${one.choices.map(code).join(', ')}, or an object of ${one.names.map(code).join(', ')}; an empty text removes one`
  }
}

const standard = (one: OptionDescription) =>
  'default' in one && one.default !== undefined ? code(`${one.default}`) : ''

const code = (text: string) => `\`${text}\``
const table = (head: string[], rows: string[][]) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n') + '\n'
