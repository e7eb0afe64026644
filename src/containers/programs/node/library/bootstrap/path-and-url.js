// --- path, url, querystring
const normal = (text) => {
  const abs = text.startsWith('/')
  const parts = []
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else if (part !== '..' || !abs) parts.push(part)
  }
  return (abs ? '/' : '') + parts.join('/') || (abs ? '/' : '.')
}
const path = {
  sep: '/',
  delimiter: ':',
  normalize: normal,
  isAbsolute: (text) => text.startsWith('/'),
  join: (...parts) => normal(parts.filter(Boolean).join('/')),
  resolve: (...parts) => {
    let at = ''
    for (const part of parts.reverse()) {
      at = at ? `${part}/${at}` : part
      if (part.startsWith('/')) break
    }
    return normal(at.startsWith('/') ? at : `${info.cwd}/${at}`)
  },
  dirname: (text) => {
    const at = text.replace(/\/+$/, '').lastIndexOf('/')
    return at === -1 ? '.' : text.slice(0, at) || '/'
  },
  basename: (text, ext = '') => {
    const base = text.replace(/\/+$/, '').split('/').pop()
    return ext && base.endsWith(ext) ? base.slice(0, -ext.length) : base
  },
  extname: (text) => {
    const base = text.split('/').pop()
    const at = base.lastIndexOf('.')
    return at > 0 ? base.slice(at) : ''
  },
  relative: (from, to) => {
    const a = path.resolve(from).split('/')
    const b = path.resolve(to).split('/')
    while (a.length && a[0] === b[0]) {
      a.shift()
      b.shift()
    }
    return [...a.map(() => '..'), ...b].join('/')
  },
}
path.parse = (text) => ({
  root: text.startsWith('/') ? '/' : '',
  dir: path.dirname(text),
  base: path.basename(text),
  ext: path.extname(text),
  name: path.basename(text, path.extname(text)),
})
path.posix = path
const unescapeQuery = (text) => decodeURIComponent(text.replace(/\+/g, ' '))
class URLSearchParams {
  constructor(init = '') {
    this.list =
      typeof init === 'string'
        ? init
            .replace(/^\?/, '')
            .split('&')
            .filter(Boolean)
            .map((pair) => {
              const [k, ...v] = pair.split('=')
              return [unescapeQuery(k), unescapeQuery(v.join('='))]
            })
        : Object.entries(init).map(([k, v]) => [k, String(v)])
  }
  get(name) {
    return this.list.find(([k]) => k === name)?.[1] ?? null
  }
  getAll(name) {
    return this.list.filter(([k]) => k === name).map(([, v]) => v)
  }
  has(name) {
    return this.list.some(([k]) => k === name)
  }
  set(name, value) {
    this.list = this.list.filter(([k]) => k !== name)
    this.list.push([name, String(value)])
  }
  append(name, value) {
    this.list.push([name, String(value)])
  }
  entries() {
    return this.list[Symbol.iterator]()
  }
  [Symbol.iterator]() {
    return this.entries()
  }
  forEach(work) {
    for (const [k, v] of this.list) work(v, k)
  }
  toString() {
    return this.list.map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`).join('&')
  }
}
class URL {
  constructor(text, base) {
    let match = /^([a-z][\w+.-]*:)\/\/(?:([^@/]*)@)?([^:/?#]*)(?::(\d+))?([^?#]*)(\?[^#]*)?(#.*)?$/i.exec(
      text,
    )
    if (!match && base) {
      const b = new URL(String(base))
      match = /^([a-z][\w+.-]*:)\/\/(?:([^@/]*)@)?([^:/?#]*)(?::(\d+))?([^?#]*)(\?[^#]*)?(#.*)?$/i.exec(
        `${b.origin}${text.startsWith('/') ? text : path.resolve(path.dirname(b.pathname), text)}`,
      )
    }
    if (!match) throw Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input: text })
    const [, protocol, , hostname, port = '', pathname, search = '', hash = ''] = match
    Object.assign(this, {
      protocol,
      hostname,
      port,
      pathname: pathname || '/',
      search,
      hash,
      host: hostname + (port ? `:${port}` : ''),
      searchParams: new URLSearchParams(search),
    })
    this.origin = `${protocol}//${this.host}`
    this.href = `${this.origin}${this.pathname}${search}${hash}`
  }
  toString() {
    return this.href
  }
  toJSON() {
    return this.href
  }
}
Object.assign(globalThis, { URL, URLSearchParams })
const querystring = {
  parse: (text) => Object.fromEntries(new URLSearchParams(text).list),
  stringify: (value) => new URLSearchParams(value).toString(),
}
const url = {
  URL,
  URLSearchParams,
  parse: (text, query) => {
    const [pathname, search = ''] = text.replace(/^[a-z]+:\/\/[^/]*/i, '').split(/(?=\?)/)
    return {
      pathname,
      search,
      query: query ? querystring.parse(search) : search.slice(1),
      path: pathname + search,
      href: text,
    }
  },
  fileURLToPath: (value) => String(value).replace(/^file:\/\//, ''),
  pathToFileURL: (value) => new URL(`file://${value}`),
}
