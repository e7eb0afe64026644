const TEXTS = {
  en: {
    title: 'Open Drydock',
    why: 'Labs have terminals, and other sites may not put those into their own pages. So Drydock opens in a window of its own.',
    open: 'Open Drydock in a new window',
  },
  'zh-CN': {
    title: '打开 Drydock',
    why: '实验里有终端，其他网站不能把它们嵌进自己的页面，所以 Drydock 会在单独的窗口里打开。',
    open: '在新窗口中打开 Drydock',
  },
}

/**
 * What a platform sees that launches into a frame: a link that begins the same login in a window of its own. It may stand in any frame (a
 * platform's pages have other addresses than its id says), since all that a click on it does any site's link could do.
 */
export function newWindowPage(login: string, acceptLanguage = ''): string {
  const language = /^\s*zh/i.test(acceptLanguage) ? 'zh-CN' : 'en'
  const { title, why, open } = TEXTS[language]
  return `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>${title}</title><meta name="viewport" content="width=device-width">
<style>:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}body{max-width:36rem;margin:2rem auto;padding:0 1rem}a{display:inline-block;padding:.6rem 1rem;border:2px solid;border-radius:.4rem}</style></head>
<body><main><h1>${title}</h1><p>${why}</p><p><a href="${escaped(login)}" target="_blank" rel="noopener">${open}</a></p></main></body></html>`
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
