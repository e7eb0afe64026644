/** An IPv4 block: first address as a number, and prefix length. */
export interface Cidr {
  base: number
  bits: number
}

const CIDR = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/

/** Gives undefined when `text` is not an IPv4 block. Host bits are cut off, as EC2 does. */
export function parseCidr(text: string): Cidr | undefined {
  const match = CIDR.exec(text)
  if (!match) return undefined
  const [a, b, c, d, bits] = match.slice(1).map(Number) as [number, number, number, number, number]
  if ([a, b, c, d].some((octet) => octet > 255) || bits > 32) return undefined
  const address = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d
  return { base: address - (address % 2 ** (32 - bits)), bits }
}

/** How many addresses a block has. */
export const cidrSize = ({ bits }: Cidr) => 2 ** (32 - bits)

export const formatCidr = (cidr: Cidr) => `${formatAddress(cidr.base)}/${cidr.bits}`

/** `inner` lies wholly in `outer`. */
export function contains(outer: Cidr, inner: Cidr): boolean {
  return inner.base >= outer.base && inner.base + cidrSize(inner) <= outer.base + cidrSize(outer)
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.base < b.base + cidrSize(b) && b.base < a.base + cidrSize(a)
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}

/** Gives undefined when `text` is no IPv4 address. */
export function parseAddress(text: string): number | undefined {
  return /\//.test(text) ? undefined : parseCidr(`${text}/32`)?.base
}

/** Whether an address lies in a block; both as text. */
export function inBlock(cidr: string, address: string): boolean {
  const block = parseCidr(cidr)
  const base = parseAddress(address)
  return block !== undefined && base !== undefined && contains(block, { base, bits: 32 })
}

/** The route with the longest prefix that holds an address. Destinations that are no IPv4 block are left out. */
export function mostSpecific<T extends { destination: string }>(routes: T[], address: string): T | undefined {
  let best: T | undefined
  let bits = -1
  for (const route of routes) {
    const block = parseCidr(route.destination)
    if (!block || block.bits <= bits || !inBlock(route.destination, address)) continue
    best = route
    bits = block.bits
  }
  return best
}
