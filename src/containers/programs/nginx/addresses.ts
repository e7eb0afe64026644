import { BlockList, isIP } from 'node:net'

const lists = new Map<string, BlockList>()

/** Whether an address lies in a network (`10.0.0.0/8`, `10.0.0.1`, `all`, `unix:`). */
export function inNetwork(address: string, network: string): boolean {
  if (network === 'all') return true
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  let list = lists.get(network)
  if (!list) {
    list = new BlockList()
    const [base = '', bits] = network.split('/')
    const kind = isIP(base)
    if (kind !== 0) {
      const type = kind === 6 ? 'ipv6' : 'ipv4'
      list.addSubnet(base, bits === undefined ? (kind === 6 ? 128 : 32) : Number(bits), type)
    }
    // The networks of a container's own configuration: few, but a container may have been told many.
    if (lists.size > 1000) lists.clear()
    lists.set(network, list)
  }
  return list.check(address, family)
}

/** Whether the text is an address or a network, as `allow`, `deny` and `geo` take them. */
export function isNetwork(text: string): boolean {
  const [base = '', bits] = text.split('/')
  const kind = isIP(base)
  return kind !== 0 && (bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= (kind === 6 ? 128 : 32)))
}
