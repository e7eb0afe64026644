import { createHash } from 'node:crypto'

/** The public address of a host name: one of 52.0.0.0/10, where much of AWS is, made from the name. */
export function publicAddressOf(name: string): string {
  const hash = createHash('sha256').update(name).digest()
  return `52.${hash[0]! & 0x3f}.${hash[1]}.${(hash[2]! % 254) + 1}`
}
