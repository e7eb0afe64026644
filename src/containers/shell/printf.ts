const ESCAPES: Record<string, string> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
}

/** Backslash escapes as `echo -e` and `%b` take them; `stop`: `\c` was seen. */
export function interpretEscapes(text: string): { text: string; stop: boolean } {
  let stop = false
  const plain = text.replace(
    /\\(?:0([0-7]{0,3})|x([0-9a-fA-F]{1,2})|([0-7]{1,3})|c[\s\S]*$|(.))/g,
    (whole, zero, hex, octal, char) => {
      if (zero !== undefined) return String.fromCharCode(Number.parseInt(zero || '0', 8))
      if (hex) return String.fromCharCode(Number.parseInt(hex, 16))
      if (octal) return String.fromCharCode(Number.parseInt(octal, 8))
      if (char === undefined) {
        stop = true
        return ''
      }
      return ESCAPES[char] ?? whole
    },
  )
  return { text: plain, stop }
}

/** `printf`: the format is used again as long as arguments are left. */
export function formatPrintf(format: string, args: readonly string[]): string {
  const left = [...args]
  let output = ''
  do {
    let used = false
    output += interpretEscapes(format.replace(/%%/g, '%\0')).text.replace(
      /%\0|%([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+))?([diouxXcsbfeEgGq])/g,
      (whole, flags: string, width: string | undefined, precision: string | undefined, type: string) => {
        if (whole === '%\0') return '%'
        used = true
        const wide = width === '*' ? left.shift() : width
        const precise = precision === '*' ? left.shift() : precision
        return pad(convert(left.shift(), type, precise, flags), Number(wide ?? 0), flags, type)
      },
    )
    if (!used) break
  } while (left.length > 0)
  return output
}

function convert(
  arg: string | undefined,
  type: string,
  precision: string | undefined,
  flags: string,
): string {
  const text = arg ?? ''
  if (type === 's') return precision === undefined ? text : text.slice(0, Number(precision))
  if (type === 'b') return interpretEscapes(text).text
  if (type === 'c') return text.slice(0, 1)
  if (type === 'q') return `'${text.replace(/'/g, "'\\''")}'`
  const number = /^['"]/.test(text) ? (text.codePointAt(1) ?? 0) : Number(text || 0) || 0
  const sign = number >= 0 && flags.includes('+') ? '+' : ''
  switch (type) {
    case 'd':
    case 'i':
    case 'u':
      return sign + String(Math.trunc(number)).padStart(Number(precision ?? 0), '0')
    case 'o':
      return Math.trunc(number).toString(8)
    case 'x':
      return Math.trunc(number).toString(16)
    case 'X':
      return Math.trunc(number).toString(16).toUpperCase()
    case 'f':
      return sign + number.toFixed(Number(precision ?? 6))
    case 'e':
    case 'E':
      return sign + number.toExponential(Number(precision ?? 6))
    default:
      return sign + String(Number(number.toPrecision(Number(precision ?? 6) || 1)))
  }
}

function pad(text: string, width: number, flags: string, type: string): string {
  if (flags.includes('-')) return text.padEnd(width)
  if (flags.includes('0') && !/[sbcq]/.test(type)) {
    const sign = /^[+-]/.test(text) ? text[0]! : ''
    return sign + text.slice(sign.length).padStart(width - sign.length, '0')
  }
  return text.padStart(width)
}
