// IP addresses and prefixes as Go's net/netip reads them, its errors included. Source: go.dev/src/net/netip/netip.go, read 2026-11.

/** An IPv4 address has 4 bytes, an IPv6 address 16. */
export interface Address {
  readonly bytes: readonly number[]
  /** Of an IPv6 address; `''` for none. */
  readonly zone: string
}

export interface Prefix {
  readonly address: Address
  readonly bits: number
}

const fault = (text: string, what: string, at = '') =>
  new Error(`ParseAddr(${JSON.stringify(text)}): ${what}${at && ` (at ${JSON.stringify(at)})`}`)

/** Throws an Error in the words of `netip.ParseAddr`. */
export function parseAddress(text: string): Address {
  switch (/[.:%]/.exec(text)?.[0]) {
    case '.':
      return { bytes: parseV4(text), zone: '' }
    case ':':
      return parseV6(text)
    case '%':
      throw fault(text, 'missing IPv6 address')
  }
  throw fault(text, 'unable to parse IP')
}

function parseV4(text: string): number[] {
  const bytes: number[] = []
  let digits = ''
  for (const [index, character] of [...text].entries()) {
    if (/\d/.test(character)) {
      if (digits === '0') throw fault(text, 'IPv4 field has octet with leading zero')
      digits += character
      if (Number(digits) > 255) throw fault(text, 'IPv4 field has value >255')
    } else if (character === '.') {
      if (digits === '' || index === text.length - 1)
        throw fault(text, 'IPv4 field must have at least one digit', text.slice(index))
      if (bytes.length === 3) throw fault(text, 'IPv4 address too long')
      bytes.push(Number(digits))
      digits = ''
    } else throw fault(text, 'unexpected character', text.slice(index))
  }
  if (bytes.length < 3) throw fault(text, 'IPv4 address too short')
  return [...bytes, Number(digits)]
}

function parseV6(text: string): Address {
  const sign = text.indexOf('%')
  const zone = sign === -1 ? '' : text.slice(sign + 1)
  if (sign !== -1 && zone === '') throw fault(text, 'zone must be a non-empty string')
  let rest = sign === -1 ? text : text.slice(0, sign)
  const bytes: number[] = []
  /** Where `::` stands among the bytes. */
  let gap: number | undefined
  if (rest.startsWith('::')) {
    gap = 0
    rest = rest.slice(2)
  }
  while (bytes.length < 16 && !(rest === '' && gap === bytes.length)) {
    const digits = /^[0-9a-f]*/i.exec(rest)![0]
    if (digits.length > 4 && Number.parseInt(digits, 16) > 0xffff)
      throw fault(text, 'IPv6 field has value >=2^16', rest)
    if (digits === '') throw fault(text, 'each colon-separated field must have at least one digit', rest)
    if (digits.length > 4) throw fault(text, 'each group must have 4 or less digits', rest)
    if (rest[digits.length] === '.') {
      bytes.push(...embedded(text, rest, bytes.length, gap))
      rest = ''
      break
    }
    const value = Number.parseInt(digits, 16)
    bytes.push(value >> 8, value & 0xff)
    rest = rest.slice(digits.length)
    if (rest === '') break
    if (rest[0] !== ':') throw fault(text, 'unexpected character, want colon', rest)
    if (rest === ':') throw fault(text, 'colon must be followed by more characters', rest)
    rest = rest.slice(1)
    if (rest[0] === ':') {
      if (gap !== undefined) throw fault(text, 'multiple :: in address', rest)
      gap = bytes.length
      rest = rest.slice(1)
    }
  }
  if (rest !== '') throw fault(text, 'trailing garbage after address', rest)
  if (bytes.length < 16) {
    if (gap === undefined) throw fault(text, 'address string too short')
    bytes.splice(gap, 0, ...new Array<number>(16 - bytes.length).fill(0))
  } else if (gap !== undefined) throw fault(text, 'the :: must expand to at least one field of zeros')
  return { bytes, zone }
}

/** The IPv4 address at the end of an IPv6 one. */
function embedded(text: string, rest: string, at: number, gap: number | undefined): number[] {
  if (gap === undefined && at !== 12)
    throw fault(text, 'embedded IPv4 address must replace the final 2 fields of the address', rest)
  if (at > 12)
    throw fault(text, 'too many hex fields to fit an embedded IPv4 at the end of the address', rest)
  try {
    return parseV4(rest)
  } catch (error) {
    throw fault(text, (error as Error).message, rest)
  }
}

/** Throws an Error in the words of `netip.ParsePrefix`. */
export function parsePrefix(text: string): Prefix {
  const wrong = (what: string) => new Error(`netip.ParsePrefix(${JSON.stringify(text)}): ${what}`)
  const slash = text.lastIndexOf('/')
  if (slash === -1) throw wrong("no '/'")
  let address: Address
  try {
    address = parseAddress(text.slice(0, slash))
  } catch (error) {
    throw wrong((error as Error).message)
  }
  if (address.zone) throw wrong('IPv6 zones cannot be present in a prefix')
  const digits = text.slice(slash + 1)
  if (!/^(0|[1-9]\d*)$/.test(digits)) throw wrong(`bad bits after slash: ${JSON.stringify(digits)}`)
  const bits = Number(digits)
  if (bits > address.bytes.length * 8) throw wrong('prefix length out of range')
  return { address, bits }
}

/** The one canonical text of an address. */
export function addressText({ bytes, zone }: Address): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[2 * index]! << 8) | bytes[2 * index + 1]!)
  const gap = longestZeros(groups)
  const text = (from: number, to?: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':')
  return `${gap ? `${text(0, gap.from)}::${text(gap.to)}` : text(0)}${zone && `%${zone}`}`
}

/** The first of the longest runs of two or more zeros. */
function longestZeros(groups: number[]): { from: number; to: number } | undefined {
  let longest: { from: number; to: number } | undefined
  for (let from = 0; from < groups.length; from++) {
    let to = from
    while (groups[to] === 0) to++
    if (to - from >= 2 && to - from > (longest ? longest.to - longest.from : 0)) longest = { from, to }
    from = Math.max(from, to - 1)
  }
  return longest
}

export const prefixText = ({ address, bits }: Prefix): string => `${addressText(address)}/${bits}`

/** With zeros behind the prefix. */
export function masked({ address, bits }: Prefix): Prefix {
  const bytes = address.bytes.map(
    (byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * index))),
  )
  return { address: { ...address, bytes: bytes.map((byte) => byte & 0xff) }, bits }
}

export const sameAddress = (a: Address, b: Address): boolean => addressText(a) === addressText(b)

export const contains = (prefix: Prefix, address: Address): boolean =>
  prefix.address.bytes.length === address.bytes.length &&
  sameAddress(masked(prefix).address, masked({ address, bits: prefix.bits }).address)

/** `::ffff:1.2.3.4` */
export const isMapped = ({ bytes }: Address): boolean =>
  bytes.length === 16 && bytes.every((byte, index) => index > 11 || byte === (index > 9 ? 0xff : 0))
