import type { Program } from '../processes/process.ts'
import { type Link, linksOf, netmask } from './links.ts'

/** `ifconfig` in BusyBox's form. The simulation counts no packets. */
export const ifconfig: Program = async (process) => {
  const [name, ...changes] = process.argv.slice(1).filter((word) => word !== '-a')
  if (changes.length > 0) {
    await process.complain(
      `ifconfig: ${['up', 'down'].includes(changes[0]!) ? 'SIOCSIFFLAGS' : 'SIOCSIFADDR'}: Operation not permitted\n`,
    )
    return 1
  }
  const known = await linksOf(process)
  if (!known) return 1
  const links = known.links.filter((link) => name === undefined || link.name === name)
  if (links.length === 0) {
    await process.complain(`ifconfig: ${name}: error fetching interface information: Device not found\n`)
    return 1
  }
  for (const link of links.toSorted((a, b) => (a.name < b.name ? -1 : 1))) await process.print(shown(link))
  return 0
}

function shown(link: Link): string {
  const kind = link.loopback ? 'Local Loopback  ' : `Ethernet  HWaddr ${link.macAddress.toUpperCase()}  `
  const lines = [
    ...link.addresses.map(({ family, address, prefixLength, broadcast, scope }) =>
      family === 4
        ? `inet addr:${address}  ${link.loopback ? '' : `Bcast:${broadcast ?? '0.0.0.0'}  `}Mask:${netmask(prefixLength)}`
        : `inet6 addr: ${address}/${prefixLength} Scope:${scope === 'host' ? 'Host' : 'Link'}`,
    ),
    `UP ${link.loopback ? 'LOOPBACK RUNNING' : 'BROADCAST RUNNING MULTICAST'}  MTU:${link.mtu}  Metric:1`,
    'RX packets:0 errors:0 dropped:0 overruns:0 frame:0',
    'TX packets:0 errors:0 dropped:0 overruns:0 carrier:0',
    `collisions:0 txqueuelen:${link.queueLength} `,
    'RX bytes:0 (0.0 B)  TX bytes:0 (0.0 B)',
  ]
  return `${link.name.padEnd(10)}Link encap:${kind}\n${lines.map((line) => `${' '.repeat(10)}${line}\n`).join('')}\n`
}

/** `route`: the table, with `-n` in numbers. */
export const route: Program = async (process) => {
  const words = process.argv.slice(1)
  const verb = words.find((word) => !word.startsWith('-'))
  if (verb !== undefined) {
    await process.complain(`route: ${verb === 'del' ? 'SIOCDELRT' : 'SIOCADDRT'}: Operation not permitted\n`)
    return 1
  }
  const numeric = words.some((word) => /^-\w*n/.test(word))
  const known = await linksOf(process)
  if (!known) return 1
  await process.print(
    'Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n',
  )
  for (const { destination, gateway, device } of known.routes) {
    const [to = '', bits = '0'] = destination === 'default' ? ['0.0.0.0', '0'] : destination.split('/')
    const flags = `U${gateway ? 'G' : ''}${bits === '32' ? 'H' : ''}`
    const shownTo = !numeric && destination === 'default' ? 'default' : to
    const shownGateway = gateway ?? (numeric ? '0.0.0.0' : '*')
    await process.print(
      `${shownTo.padEnd(15)} ${shownGateway.padEnd(15)} ${netmask(Number(bits)).padEnd(16)}${flags.padEnd(6)}0      0        0 ${device}\n`,
    )
  }
  return 0
}
