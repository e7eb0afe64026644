// --- util
const quote = (text) => `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'").replace(/\n/g, '\\n')}'`
function inspect(value, depth = 0, seen = []) {
  if (typeof value === 'string') return depth === 0 ? value : quote(value)
  if (typeof value === 'function') return value.name ? `[Function: ${value.name}]` : '[Function (anonymous)]'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Error) return value.stack ? `${value}\n${value.stack.trimEnd()}` : String(value)
  if (seen.includes(value)) return '[Circular *1]'
  if (value instanceof Date) return value.toISOString()
  if (value instanceof RegExp) return String(value)
  if (value instanceof Promise) return 'Promise { <pending> }'
  if (depth > 3) return Array.isArray(value) ? '[Array]' : '[Object]'
  const inner = (item) => inspect(item, depth + 1, [...seen, value])
  const wrap = (open, parts, close) => {
    const line = `${open} ${parts.join(', ')} ${close}`
    if (parts.length === 0) return open + close
    if (line.length <= 72 && !line.includes('\n')) return line
    const pad = '  '.repeat(depth + 1)
    return `${open}\n${parts.map((part) => pad + part).join(',\n')}\n${'  '.repeat(depth)}${close}`
  }
  if (value instanceof Buffer) return `<Buffer ${value.toString('hex').replace(/(..)(?=.)/g, '$1 ')}>`
  if (Array.isArray(value)) return wrap('[', value.map(inner), ']')
  if (value instanceof Map)
    return wrap(
      `Map(${value.size}) {`,
      [...value].map(([k, v]) => `${inner(k)} => ${inner(v)}`),
      '}',
    )
  if (value instanceof Set) return wrap(`Set(${value.size}) {`, [...value].map(inner), '}')
  const name = value.constructor && value.constructor !== Object ? `${value.constructor.name} ` : ''
  const key = (text) => (/^[A-Za-z_$][\w$]*$/.test(text) ? text : quote(text))
  return wrap(
    `${name}{`,
    Object.keys(value).map((k) => `${key(k)}: ${inner(value[k])}`),
    '}',
  )
}
function format(first, ...rest) {
  if (typeof first !== 'string')
    return [first, ...rest].map((item) => (typeof item === 'string' ? item : inspect(item, 1))).join(' ')
  const text = first.replace(/%[sdifjoOc%]/g, (mark) => {
    if (mark === '%%') return '%'
    if (rest.length === 0) return mark
    const value = rest.shift()
    if (mark === '%s') return typeof value === 'object' ? inspect(value, 1) : String(value)
    if (mark === '%d') return String(Number(value))
    if (mark === '%i') return String(Number.parseInt(value, 10))
    if (mark === '%f') return String(Number.parseFloat(value))
    if (mark === '%j') return JSON.stringify(value)
    if (mark === '%c') return ''
    return inspect(value, 1)
  })
  return [text, ...rest.map((item) => (typeof item === 'string' ? item : inspect(item, 1)))].join(' ')
}
const promisify =
  (work) =>
  (...args) =>
    new Promise((resolve, reject) =>
      work(...args, (error, value) => (error ? reject(error) : resolve(value))),
    )
