import dns, { type Answer, type RecordType } from 'dns-packet'

/** Bits of a message's head (RFC 1035, 4.1.1). */
const AUTHORITATIVE = dns.AUTHORITATIVE_ANSWER
const RECURSION_DESIRED = dns.RECURSION_DESIRED
const RECURSION_AVAILABLE = dns.RECURSION_AVAILABLE
const RESPONSE_CODE_BITS = 0xf

/** Response codes by their numbers. */
const CODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'] as const
export type ResponseCode = (typeof CODES)[number]

export interface Question {
  /** In lower case, without the last dot. */
  name: string
  type: RecordType
}

export interface Reply {
  code: ResponseCode
  answers: Answer[]
  /** Whether it comes from data of the server's own. */
  authoritative: boolean
}

export const noData = (authoritative = true): Reply => ({ code: 'NOERROR', answers: [], authoritative })

export const failure = (code: ResponseCode, authoritative = false): Reply => ({
  code,
  answers: [],
  authoritative,
})

export interface Query extends Question {
  id: number
  /** Bytes of the whole message. */
  size: number
}

export function encodeQuery({ name, type }: Question, id: number): Buffer {
  return dns.encode({ type: 'query', id, flags: RECURSION_DESIRED, questions: [{ name, type }] })
}

/** Undefined: it is none. */
function decoded(datagram: Buffer): dns.DecodedPacket | undefined {
  try {
    return dns.decode(datagram)
  } catch {
    return undefined
  }
}

/** Undefined: not a query. */
export function decodeQuery(datagram: Buffer): Query | undefined {
  const { id = 0, type, questions: [question] = [] } = decoded(datagram) ?? {}
  if (type !== 'query' || !question) return undefined
  return { id, name: question.name.toLowerCase(), type: question.type, size: datagram.length }
}

export function encodeReply({ id, name, type }: Query, { code, answers, authoritative }: Reply): Buffer {
  const recursion = authoritative ? 0 : RECURSION_AVAILABLE
  const flags = RECURSION_DESIRED | recursion | (authoritative ? AUTHORITATIVE : 0) | CODES.indexOf(code)
  return dns.encode({ type: 'response', id, flags, questions: [{ name, type }], answers })
}

export function decodeReply(datagram: Buffer): Reply {
  const { flags = 0, answers = [] } = dns.decode(datagram)
  const code = CODES[flags & RESPONSE_CODE_BITS] ?? 'SERVFAIL'
  return { code, answers, authoritative: (flags & AUTHORITATIVE) !== 0 }
}

/** The IPv4 addresses of a reply. */
export const addressesOf = ({ answers }: Reply): string[] =>
  answers.flatMap((answer) => (answer.type === 'A' ? [answer.data] : []))

export const addressRecord = (name: string, data: string, ttl: number): Answer => ({
  type: 'A',
  name,
  data,
  ttl,
})
