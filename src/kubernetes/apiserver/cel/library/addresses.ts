import type { Environment } from '@marcbachmann/cel-js'
import {
  type Address,
  addressText,
  contains,
  isMapped,
  masked,
  type Prefix,
  parseAddress,
  parsePrefix,
  prefixText,
} from './netip.ts'

// Source: k8s.io/apiserver/pkg/cel/library/ip.go and cidr.go, read 2026-11.

/** `net.IP` */
class Ip {
  readonly address: Address
  constructor(address: Address) {
    this.address = address
  }
}

/** `net.CIDR` */
class Cidr {
  readonly prefix: Prefix
  constructor(prefix: Prefix) {
    this.prefix = prefix
  }
}

/** The name `ip` in front of a point. */
class Ips {}

const IP = 'net.IP'
const CIDR = 'net.CIDR'

function toAddress(text: string): Address {
  let address: Address
  try {
    address = parseAddress(text)
  } catch (error) {
    throw new Error(
      `IP Address ${JSON.stringify(text)} parse error during conversion from string: ${(error as Error).message}`,
    )
  }
  if (address.zone) throw new Error(`IP address ${JSON.stringify(text)} with zone value is not allowed`)
  if (isMapped(address)) throw new Error(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`)
  return address
}

/** What a network's text is called that is none; upstream says it twice. */
const NO_NETWORK = 'network address parse error during conversion from string: '

function toPrefix(text: string): Prefix {
  let prefix: Prefix
  try {
    prefix = parsePrefix(text)
  } catch (error) {
    throw new Error(`${NO_NETWORK}${NO_NETWORK}${(error as Error).message}`)
  }
  if (isMapped(prefix.address))
    throw new Error(`${NO_NETWORK}IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`)
  return prefix
}

function parses(parse: () => unknown): boolean {
  try {
    parse()
    return true
  } catch {
    return false
  }
}

/** Tells kinds of addresses apart by their bytes: of four, or of sixteen. */
const kind =
  (v4: (bytes: readonly number[]) => boolean, v6: (bytes: readonly number[]) => boolean) =>
  ({ address: { bytes } }: Ip): boolean =>
    bytes.length === 4 ? v4(bytes) : v6(bytes)

const isZero = (bytes: readonly number[]) => bytes.every((byte) => byte === 0)
const isUnspecified = kind(isZero, isZero)
const isLoopback = kind(
  ([first]) => first === 127,
  (bytes) => isZero(bytes.slice(0, 15)) && bytes[15] === 1,
)
const isMulticast = kind(
  ([first]) => first! >= 224 && first! < 240,
  ([first]) => first === 0xff,
)
const isLinkLocalMulticast = kind(
  ([first, second, third]) => first === 224 && second === 0 && third === 0,
  ([first, second]) => first === 0xff && (second! & 0x0f) === 2,
)
const isLinkLocalUnicast = kind(
  ([first, second]) => first === 169 && second === 254,
  ([first, second]) => first === 0xfe && (second! & 0xc0) === 0x80,
)
const isGlobalUnicast = (ip: Ip): boolean =>
  !isUnspecified(ip) &&
  addressText(ip.address) !== '255.255.255.255' &&
  !isLoopback(ip) &&
  !isMulticast(ip) &&
  !isLinkLocalUnicast(ip)

const ACCESSORS = {
  isUnspecified,
  isLoopback,
  isLinkLocalMulticast,
  isLinkLocalUnicast,
  isGlobalUnicast,
}

export function withAddresses(environment: Environment): Environment {
  environment
    .registerType(IP, { ctor: Ip, fields: {} })
    .registerType('Ips', { ctor: Ips, fields: {} })
    .registerConstant('ip', 'Ips', new Ips())
    .registerFunction(`ip(string): ${IP}`, (text: string) => new Ip(toAddress(text)))
    .registerFunction('isIP(string): bool', (text: string) => parses(() => toAddress(text)))
    .registerFunction(
      'Ips.isCanonical(string): bool',
      (_: Ips, text: string) => addressText(toAddress(text)) === text,
    )
    .registerFunction(`string(${IP}): string`, ({ address }: Ip) => addressText(address))
    .registerFunction(`${IP}.family(): int`, ({ address }: Ip) => (address.bytes.length === 4 ? 4n : 6n))
    .registerOperator(`${IP} == ${IP}`, (a: Ip, b: Ip) => addressText(a.address) === addressText(b.address))
  for (const [name, tells] of Object.entries(ACCESSORS))
    environment.registerFunction(`${IP}.${name}(): bool`, tells)
  return withNetworks(environment)
}

function withNetworks(environment: Environment): Environment {
  const containsNetwork = (outer: Prefix, inner: Prefix) =>
    outer.bits <= inner.bits && contains(outer, inner.address)
  return environment
    .registerType(CIDR, { ctor: Cidr, fields: {} })
    .registerFunction(`cidr(string): ${CIDR}`, (text: string) => new Cidr(toPrefix(text)))
    .registerFunction('isCIDR(string): bool', (text: string) => parses(() => toPrefix(text)))
    .registerFunction(`string(${CIDR}): string`, ({ prefix }: Cidr) => prefixText(prefix))
    .registerFunction(`${CIDR}.ip(): ${IP}`, ({ prefix }: Cidr) => new Ip(prefix.address))
    .registerFunction(`${CIDR}.masked(): ${CIDR}`, ({ prefix }: Cidr) => new Cidr(masked(prefix)))
    .registerFunction(`${CIDR}.prefixLength(): int`, ({ prefix }: Cidr) => BigInt(prefix.bits))
    .registerFunction(`${CIDR}.containsIP(${IP}): bool`, ({ prefix }: Cidr, { address }: Ip) =>
      contains(prefix, address),
    )
    .registerFunction(`${CIDR}.containsIP(string): bool`, ({ prefix }: Cidr, text: string) =>
      contains(prefix, toAddress(text)),
    )
    .registerFunction(`${CIDR}.containsCIDR(${CIDR}): bool`, ({ prefix }: Cidr, other: Cidr) =>
      containsNetwork(prefix, other.prefix),
    )
    .registerFunction(`${CIDR}.containsCIDR(string): bool`, ({ prefix }: Cidr, text: string) =>
      containsNetwork(prefix, toPrefix(text)),
    )
    .registerOperator(
      `${CIDR} == ${CIDR}`,
      (a: Cidr, b: Cidr) => prefixText(a.prefix) === prefixText(b.prefix),
    )
}

/** Bytes of a network's prefix; undefined for what is no network. */
export const networkBytes = (value: unknown): number | undefined =>
  value instanceof Cidr ? Math.ceil(value.prefix.bits / 8) : undefined
