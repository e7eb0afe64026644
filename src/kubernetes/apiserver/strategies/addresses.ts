/** An IPv4 address as a number. NaN for anything else. */
export function addressNumber(address: string): number {
  const parts = address.split('.').map(Number)
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return Number.NaN
  return parts.reduce((sum, part) => sum * 256 + part, 0)
}

export const addressText = (number: number): string =>
  [24, 16, 8, 0].map((shift) => (number / 2 ** shift) & 255).join('.')

/** First address and number of addresses of `10.100.0.0/16`. */
export function cidrRange(cidr: string): { base: number; size: number } {
  const [address, bits] = cidr.split('/')
  const size = 2 ** (32 - Number(bits))
  return { base: Math.floor(addressNumber(address!) / size) * size, size }
}

/** Whether an address can be given out: in the range, and neither its first nor its last. */
export function inRange(cidr: string, address: string): boolean {
  const { base, size } = cidrRange(cidr)
  const offset = addressNumber(address) - base
  return offset > 0 && offset < size - 1
}
