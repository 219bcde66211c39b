import { en, type Messages } from './en.ts'

/** One file a language, named by its code and exporting its catalogue under that name; loaded when it is spoken. */
const CATALOGUES = import.meta.glob<Record<string, Messages>>(['./??.ts', '!./en.ts'])
const CHOICE = 'tapedeck language'

/** Languages there are words for, by their codes. */
export const LANGUAGES = ['en', ...Object.keys(CATALOGUES).map((path) => path.slice(2, 4))]

/** The one people chose, else the first of the browser's that we speak. */
export const language: string = pick([chosen(), ...navigator.languages])

export const messages: Messages = await load(language)

/** Speaks another language from the next load on. */
export function chooseLanguage(code: string): void {
  try {
    localStorage.setItem(CHOICE, code)
  } catch {
    // Forbidden: the browser's own language stays.
  }
}

/** Words for a problem: ours where we have some for its code, else those that came with it. */
export const problemWords = (code: string, detail: string): string =>
  messages.problems[code] ?? (detail || messages.failed)

function chosen(): string {
  try {
    return localStorage.getItem(CHOICE) ?? ''
  } catch {
    return ''
  }
}

function pick(wanted: readonly string[]): string {
  const codes = wanted.map((one) => one.slice(0, 2).toLowerCase())
  return codes.find((code) => LANGUAGES.includes(code)) ?? 'en'
}

/** Of a language whose words cannot be loaded English stands in. */
async function load(code: string): Promise<Messages> {
  const catalogue = await CATALOGUES[`./${code}.ts`]?.().catch(() => undefined)
  return catalogue?.[code] ?? en
}
