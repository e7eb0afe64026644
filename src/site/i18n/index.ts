import { en, type Messages } from './en.ts'

const tables: Record<string, Messages> = { en }

/** The interface's texts in a language (`en`, `zh-CN`); English when there is no such table. */
export function messages(language: string): Messages {
  return tables[language] ?? tables[language.split('-')[0] ?? ''] ?? en
}

/** The texts for the page's own language: in the browser the one of `<html lang>`. */
export const t: Messages = messages(typeof document === 'undefined' ? 'en' : document.documentElement.lang)
