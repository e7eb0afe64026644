// How Go's encoding/json tells what is wrong with a text. Source: encoding/json/scanner.go, of which these are the contexts.

/** What V8 says, and where Go says it is. */
const CONTEXTS: [v8: string, go: string][] = [
  ['Expected property name or', 'looking for beginning of object key string'],
  ['Expected double-quoted property name', 'looking for beginning of object key string'],
  ["Expected ':' after property name", 'after object key'],
  ["Expected ',' or '}' after property value", 'after object key:value pair'],
  ["Expected ',' or ']' after array element", 'after array element'],
  ['Unexpected non-whitespace character after JSON', 'after top-level value'],
  ['Bad control character in string literal', 'in string literal'],
  ['Bad escaped character', 'in string escape code'],
  ['No number after minus sign', 'in numeric literal'],
  ['Unterminated fractional number', 'after decimal point in numeric literal'],
  ['Exponent part is missing a number', 'in exponent of numeric literal'],
]

/** Go's text for the error that `JSON.parse` threw for a text. */
export function goJsonError(text: string, error: Error): string {
  const { message } = error
  const token = /^Unexpected token (?:'(.)'|(.))/su.exec(message)
  if (token) return `invalid character ${quoted(token[1] ?? token[2]!)} looking for beginning of value`
  const position = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length)
  const context = CONTEXTS.find(([v8]) => message.startsWith(v8))
  if (context && position < text.length) return `invalid character ${quoted(text[position]!)} ${context[1]}`
  return context || /^(Unexpected end|Unterminated string)/.test(message)
    ? 'unexpected end of JSON input'
    : message
}

function quoted(char: string): string {
  if (char === "'") return String.raw`'\''`
  return `'${JSON.stringify(char).slice(1, -1).replace('\\"', '"')}'`
}
