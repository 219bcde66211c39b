import { chooseLanguage, language, LANGUAGES, messages } from '../messages/index.ts'
import styles from './language-choice.module.css'

const NAMES = LANGUAGES.map((code) => ({
  code,
  name: new Intl.DisplayNames(code, { type: 'language' }).of(code),
}))

/** The languages there are words for, each by its own name. */
export function LanguageChoice() {
  const speak = (code: string) => {
    chooseLanguage(code)
    window.location.reload()
  }
  return (
    <label className={styles['choice']}>
      <span className="visually-hidden">{messages.page.language}</span>
      <select value={language} onChange={({ target }) => speak(target.value)}>
        {NAMES.map(({ code, name }) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}
