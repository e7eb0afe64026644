import type { Process } from '../processes/process.ts'
import type { NetworkInterface, NetworkRoute } from '../runtime.ts'

/** An address of an interface. */
interface LinkAddress {
  family: 4 | 6
  address: string
  prefixLength: number
  broadcast?: string | undefined
  scope: 'host' | 'link' | 'global'
}

/** An interface as the kernel lists it. */
export interface Link {
  name: string
  index: number
  /** Index of its other end, on the machine below. */
  peerIndex?: number
  loopback: boolean
  macAddress: string
  mtu: number
  queueLength: number
  addresses: LinkAddress[]
}

const LOOPBACK: Link = {
  name: 'lo',
  index: 1,
  loopback: true,
  macAddress: '00:00:00:00:00:00',
  mtu: 65536,
  queueLength: 1000,
  addresses: [
    { family: 4, address: '127.0.0.1', prefixLength: 8, scope: 'host' },
    { family: 6, address: '::1', prefixLength: 128, scope: 'host' },
  ],
}

/** The interfaces and routes of a container; undefined, and said so: the simulation does not have them. */
export async function linksOf(
  process: Process,
): Promise<{ links: Link[]; routes: NetworkRoute[] } | undefined> {
  const view = process.machine.interfaces
  if (view) return { links: [LOOPBACK, ...view.interfaces.map(linkOf)], routes: view.routes }
  await process.complain(
    `drydock: ${process.argv[0]}: the interfaces of this container's network are not simulated\n`,
  )
  return undefined
}

function linkOf(view: NetworkInterface): Link {
  const { name, index, peerIndex, macAddress, mtu, queueLength, address, prefixLength, broadcast } = view
  return {
    name,
    index,
    peerIndex,
    loopback: false,
    macAddress,
    mtu,
    queueLength,
    addresses: [
      { family: 4, address, prefixLength, broadcast, scope: 'global' },
      ...(view.linkLocal
        ? [{ family: 6, address: linkLocal(macAddress), prefixLength: 64, scope: 'link' } as const]
        : []),
    ],
  }
}

/** The address that the kernel makes from a MAC address (RFC 4291, appendix A). */
function linkLocal(macAddress: string): string {
  const bytes = macAddress.split(':').map((byte) => Number.parseInt(byte, 16))
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes
  const words = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f]
  return `fe80::${words.map((word) => word.toString(16)).join(':')}`
}

/** `255.255.0.0` for 16. */
export const netmask = (prefixLength: number): string =>
  [0, 8, 16, 24].map((from) => 256 - 2 ** (8 - Math.min(8, Math.max(0, prefixLength - from)))).join('.')
