import { en, type Messages } from './en.ts'

const CATALOGUES: Record<string, Messages> = { en }

const pick = (languages: readonly string[]): Messages => {
  for (const language of languages) {
    const catalogue = CATALOGUES[language.split('-')[0] ?? '']
    if (catalogue) return catalogue
  }
  return en
}

/** The catalogue of the first language of the browser that we speak. */
export const messages: Messages = pick(navigator.languages)

/** Words for a problem: ours where we have some for its code, else those that came with it. */
export const problemWords = (code: string, detail: string): string =>
  messages.problems[code] ?? (detail || messages.failed)
