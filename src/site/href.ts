import { t } from './i18n/index.ts'

/** The address of a page of this site (`/labs/`) in the language of the page that links to it. */
export function href(path: string): string {
  return t.locale.prefix + path
}

/** The path of the page that is open, without its language. */
export function here(): string {
  return location.pathname.slice(t.locale.prefix.length)
}
