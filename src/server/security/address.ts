import { BlockList, isIP } from 'node:net'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

/** Whether an address is reached only from this machine. */
export function isLoopback(host: string): boolean {
  const version = isIP(host)
  if (version === 0) return host === 'localhost'
  return loopback.check(host, version === 4 ? 'ipv4' : 'ipv6')
}

/** Throws for an address that other machines reach: a terminal there is a terminal for everybody. */
export function assertLoopback(host: string): void {
  if (isLoopback(host)) return
  throw new Error(
    `Drydock does not listen on ${host}: whoever reaches that address would get a shell on this machine, ` +
      'and there is neither sign-in nor TLS yet. Leave out --host; to use it from another machine, forward the port: ' +
      'ssh -L 4321:127.0.0.1:4321 <this machine>.',
  )
}
