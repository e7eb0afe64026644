/** An IPv4 range. */
export interface Subnet {
  /** With the host bits cleared: `172.18.0.0/16`. */
  text: string
  start: number
  /** How many addresses it has. */
  size: number
}

/** Reads `a.b.c.d/n`; undefined for what is none. */
export function parseSubnet(text: string): Subnet | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(text)
  if (!match) return undefined
  const [a, b, c, d, bits] = match.slice(1).map(Number) as [number, number, number, number, number]
  if ([a, b, c, d].some((part) => part > 255) || bits > 32) return undefined
  const size = 2 ** (32 - bits)
  const number = ((a * 256 + b) * 256 + c) * 256 + d
  const start = Math.floor(number / size) * size
  return { text: `${dotted(start)}/${bits}`, start, size }
}

export const overlaps = (a: Subnet, b: Subnet): boolean =>
  a.start < b.start + b.size && b.start < a.start + a.size

/** The nth address of a range. */
export const hostAddress = (subnet: Subnet, n: number): string => dotted(subnet.start + n)

/** The engine's default pools (https://docs.docker.com/engine/network/#automatic-subnet-allocation). */
const POOLS = [
  ...Array.from({ length: 14 }, (_, index) => `172.${18 + index}.0.0/16`),
  ...Array.from({ length: 16 }, (_, index) => `192.168.${index * 16}.0/20`),
]

/** The first default pool that overlaps none of those in use. */
export const freeSubnet = (taken: readonly Subnet[]): string | undefined =>
  POOLS.find((pool) => !taken.some((other) => overlaps(other, parseSubnet(pool)!)))

function dotted(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.')
}
