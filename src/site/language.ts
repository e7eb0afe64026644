/** The key of the choice in the browser's storage; `first.js` obeys it before the first paint. */
const KEY = 'drydock.language'

/** Remembers the language whose link is followed, and keeps the place within the page. */
export function rememberLanguage(): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>('a[data-language]'))
    link.addEventListener('click', () => {
      localStorage.setItem(KEY, link.dataset.language!)
      link.hash = location.hash
      link.search = location.search
    })
}
