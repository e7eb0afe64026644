import type { Plugin } from './plugin.ts'
import { zoneOf } from './plugin.ts'

const KINDS = ['exact', 'prefix', 'suffix', 'substring', 'regex']

/**
 * Asks for another name in place of one: `rewrite name [exact|prefix|suffix|substring|regex] FROM TO`; the answer bears the name that was
 * asked for (coredns/plugin/rewrite, README). Rules about other things than names have no effect.
 */
export const rewrite: Plugin = ({ directive, fail }) => {
  const lines = directive.args.length > 0 ? [directive.args] : directive.body
  const rules = lines.flatMap((line) => {
    const words = ['stop', 'continue'].includes(line[0] ?? '') ? line.slice(1) : line
    if (words.length < 2) fail('too few arguments for rewrite')
    if (words[0] !== 'name') return []
    const kind = KINDS.includes(words[1]!) ? words[1]! : 'exact'
    const [from = '', to = ''] = words.slice(kind === words[1] ? 2 : 1)
    if (!from || !to) fail(`too few arguments for a name rule`)
    return [ruleOf(kind, from, to)]
  })
  return (query, next) => {
    const asked = query.name
    for (const rule of rules) {
      const name = rule(asked)
      if (name === undefined) continue
      query.name = name
      const reply = next()
      query.name = asked
      const answers = reply.answers.map((answer) =>
        answer.name.toLowerCase() === name ? { ...answer, name: asked } : answer,
      )
      return { ...reply, answers }
    }
    return next()
  }
}

/** What a rule makes of a name; undefined: it is not about it. */
function ruleOf(kind: string, from: string, to: string): (name: string) => string | undefined {
  const [source, target] = [zoneOf(from), zoneOf(to)]
  switch (kind) {
    case 'prefix':
      return (name) => (name.startsWith(source) ? target + name.slice(source.length) : undefined)
    case 'suffix':
      return (name) =>
        name.endsWith(source) ? name.slice(0, name.length - source.length) + target : undefined
    case 'substring':
      return (name) => (name.includes(source) ? name.replaceAll(source, target) : undefined)
    case 'regex': {
      const pattern = new RegExp(from)
      return (name) => {
        const match = pattern.exec(`${name}.`)
        return match
          ? zoneOf(to.replace(/\{(\d+)\}/g, (_, group: string) => match[Number(group)] ?? ''))
          : undefined
      }
    }
    default:
      return (name) => (name === source ? target : undefined)
  }
}
