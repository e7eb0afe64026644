import type { Answer } from 'dns-packet'
import { addressRecord, type Reply, type ResponseCode } from '#network/dns-message.ts'
import { fallsThrough, type Plugin, zoneFor, zoneOf } from './plugin.ts'

const CODES = new Set<string>(['NOERROR', 'SERVFAIL', 'NXDOMAIN', 'REFUSED', 'NOTIMP', 'FORMERR'])

/** Answers made from the question: `template CLASS TYPE [ZONES…] { match, answer, rcode, fallthrough }` (coredns/plugin/template, README). */
export const template: Plugin = ({ directive, block, fail }) => {
  const [cls, type, ...own] = directive.args
  if (!cls || !type) return fail(`Wrong argument count or unexpected line ending after 'template'`)
  const zones = (own.length > 0 ? own : block.zones).map(zoneOf)
  const matches: RegExp[] = []
  const lines: string[] = []
  let code: ResponseCode = 'NOERROR'
  for (const [word = '', ...args] of directive.body) {
    if (word === 'match') matches.push(...args.map((text) => new RegExp(text.replace(/\(\?P</g, '(?<'))))
    else if (word === 'answer') lines.push(...args)
    else if (word === 'rcode') {
      if (!CODES.has(args[0] ?? '')) fail(`unknown rcode ${args[0] ?? ''}`)
      code = args[0] as ResponseCode
    } else if (!['fallthrough', 'additional', 'authority', 'upstream', 'ederror'].includes(word))
      fail(`unknown property '${word}'`)
  }
  const passes = fallsThrough(directive.body)
  return (query, next) => {
    const zone = zoneFor(query.name, zones)
    const isType = type === 'ANY' || type === query.type
    if (zone === undefined || !isType) return next()
    const name = `${query.name}.`
    const match =
      matches.length === 0
        ? ([name] as unknown as RegExpExecArray)
        : matches.map((one) => one.exec(name)).find(Boolean)
    if (!match) return next()
    const values: Record<string, string> = { Name: name, Zone: `${zone}.`, Class: cls, Type: query.type }
    const answers = lines.map((line) => recordOf(expand(line, values, match)))
    if (answers.some((answer) => answer === undefined)) return passes(query.name) ? next() : failed
    return { code, answers: answers as Answer[], authoritative: true }
  }
}

const failed: Reply = { code: 'SERVFAIL', answers: [], authoritative: false }

/** The Go template's fields that answers use: `{{ .Name }}`, `{{ .Group.x }}`, `{{ index .Match 1 }}`. */
const expand = (line: string, values: Record<string, string>, match: RegExpExecArray): string =>
  line
    .replace(/\{\{-?\s*index \.Match (\d+)\s*-?\}\}/g, (_, group: string) => match[Number(group)] ?? '')
    .replace(/\{\{-?\s*\.Group\.(\w+)\s*-?\}\}/g, (_, group: string) => match.groups?.[group] ?? '')
    .replace(/\{\{-?\s*\.(\w+)\s*-?\}\}/g, (_, field: string) => values[field] ?? '')

/** A record in a zone file's form: `NAME TTL [CLASS] TYPE DATA`. */
function recordOf(line: string): Answer | undefined {
  const words = line
    .trim()
    .split(/\s+/)
    .filter((word) => word !== 'IN')
  const [name = '', ttl, type, ...data] = words
  const owner = zoneOf(name)
  if (type === 'A') return addressRecord(owner, data[0] ?? '', Number(ttl))
  if (type === 'CNAME') return { type, name: owner, ttl: Number(ttl), data: zoneOf(data[0] ?? '') }
  if (type === 'TXT')
    return { type, name: owner, ttl: Number(ttl), data: data.join(' ').replace(/^"|"$/g, '') }
}
