/** The languages that the pages are built in; the first one stands at the root of the site, others in a folder of their name. */
export const LANGUAGES = [
  { id: 'en', name: 'English' },
  { id: 'zh-CN', name: '简体中文' },
] as const

/** The address of a page of this site (`/labs/`) in a language. */
export function inLanguage(language: string, path: string): string {
  return language === LANGUAGES[0].id ? path : `/${language}${path}`
}
