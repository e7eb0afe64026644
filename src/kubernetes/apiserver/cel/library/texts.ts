import type { Environment } from '@marcbachmann/cel-js'
import { compilePattern, type Pattern } from '../../patterns.ts'

// Source: k8s.io/apiserver/pkg/cel/library/regex.go and version 2 of cel-go's ext/strings.go.

function pattern(source: string): Pattern {
  const compiled = compilePattern(source)
  if (!compiled) throw new Error(`error parsing regexp: ${source}`)
  return compiled
}

/** The name `strings` in front of a point. */
class Strings {}

export function withTexts(environment: Environment): Environment {
  return environment
    .registerType('Strings', { ctor: Strings, fields: {} })
    .registerConstant('strings', 'Strings', new Strings())
    .registerFunction('Strings.quote(string): string', (_: Strings, text: string) => JSON.stringify(text))
    .registerFunction('string.re2Matches(string): bool', (text: string, source: string) =>
      pattern(source).test(text),
    )
    .registerFunction('string.find(string): string', (text: string, source: string) =>
      pattern(source).first(text),
    )
    .registerFunction('string.findAll(string): list', (text: string, source: string) =>
      pattern(source).all(text),
    )
    .registerFunction('string.findAll(string, int): list', (text: string, source: string, most: bigint) =>
      pattern(source)
        .all(text)
        .slice(0, most < 0n ? undefined : Number(most)),
    )
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      text.replaceAll(from, () => to),
    )
    .registerFunction(
      'string.replace(string, string, int): string',
      (text: string, from: string, to: string, count: bigint) => replaceSome(text, from, to, Number(count)),
    )
    .registerFunction('string.charAt(int): string', (text: string, index: bigint) =>
      text.charAt(Number(index)),
    )
    .registerFunction('string.format(list<dyn>): string', (text: string, values: unknown) =>
      format(text, [...(values as Iterable<unknown>)]),
    )
}

function replaceSome(text: string, from: string, to: string, count: number): string {
  const parts = text.split(from)
  const replaced = count < 0 ? parts.length - 1 : Math.min(count, parts.length - 1)
  return (
    parts.slice(0, replaced + 1).join(to) +
    parts
      .slice(replaced + 1)
      .map((part) => from + part)
      .join('')
  )
}

/** `'%s has %d'.format(['a', 3])` */
function format(text: string, values: unknown[]): string {
  let next = 0
  return text.replace(/%(?:\.(\d+))?([sdfxXb%])/g, (_, precision, verb) => {
    if (verb === '%') return '%'
    if (next >= values.length) throw new Error(`index ${next} out of range`)
    const value = values[next++]
    if (verb === 'f') return Number(value).toFixed(precision === undefined ? 6 : Number(precision))
    if (verb === 'x' || verb === 'X') {
      const hex = (value as bigint).toString(16)
      return verb === 'x' ? hex : hex.toUpperCase()
    }
    if (verb === 'b') return typeof value === 'boolean' ? (value ? '1' : '0') : (value as bigint).toString(2)
    return shown(value)
  })
}

function shown(value: unknown): string {
  if (Array.isArray(value))
    return `[${value.map((item) => (typeof item === 'string' ? JSON.stringify(item) : shown(item))).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${shown(inner)}`).join(', ')}}`
  }
  return String(value)
}
