import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

export const ROOT = path.resolve(import.meta.dirname, '../..')

/** A file of the project as text. */
export const read = (file: string) => readFile(path.join(ROOT, file), 'utf8')

/** Every document, those at the root and all below `docs`, as paths from the root. */
export async function markdownFiles(): Promise<string[]> {
  const top = (await readdir(ROOT)).filter((name) => name.endsWith('.md'))
  const below = await readdir(path.join(ROOT, 'docs'), { recursive: true })
  return [...top, ...below.filter((name) => name.endsWith('.md')).map((name) => path.join('docs', name))]
}

/** Cells of all table rows whose first cell is code. */
export function rows(markdown: string): string[][] {
  const lines = markdown.split('\n').filter((line) => /^\| `/.test(line))
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}

const FENCED = /^```(\w*)\n([^]*?)^```$/gm

/** The contents of all fenced blocks of a language. */
export const blocks = (markdown: string, language: string): string[] =>
  [...markdown.matchAll(FENCED)].filter(([, name]) => name === language).map(([, , text = '']) => text)

/** What is set as code: a fenced block is one text, and so is each span. */
export function code(markdown: string): string[] {
  const fenced = [...markdown.matchAll(FENCED)].map(([, , text = '']) => text)
  const spans = [...withoutBlocks(markdown).matchAll(/`([^`]+)`/g)].map(([, text = '']) => text)
  return [...fenced, ...spans]
}

/** Where a document leads to, outside of what is code. */
export function links(markdown: string): string[] {
  const prose = withoutBlocks(markdown).replaceAll(/`[^`]*`(?!\])/g, '')
  const inline = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  const pictures = [...prose.matchAll(/\bsrc(?:set)?="([^"]+)"/g)].map(([, target = '']) => target)
  return [...inline, ...pictures]
}

/** What a link may name behind `#`: GitHub's name for each heading. */
export function anchors(markdown: string): string[] {
  const headings = [...withoutBlocks(markdown).matchAll(/^#{1,6} +(.+?)\s*$/gm)]
  const seen = new Map<string, number>()
  return headings.map(([, text = '']) => {
    const name = text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
    const before = seen.get(name) ?? 0
    seen.set(name, before + 1)
    return before === 0 ? name : `${name}-${before}`
  })
}

const withoutBlocks = (markdown: string) => markdown.replaceAll(FENCED, '')
