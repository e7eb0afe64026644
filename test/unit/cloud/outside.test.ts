import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { CertificateIssuer, createAuthority } from '#network/authority.ts'
import type { HostTable } from '#network/hosts.ts'
import { VirtualNetwork } from '#network/virtual-network.ts'
import { Outside } from '../../../src/cloud/outside.ts'

const NAME = 'sts.us-east-1.amazonaws.com'
const hosts: HostTable = {
  resolve: (name, port) =>
    name === NAME && port === 443
      ? { kind: 'http', request: (req, res) => res.end(`${req.headers.host}${req.url}`) }
      : undefined,
}
const pod = { address: '10.0.0.1', port: 40000 }
let outside: Outside
afterEach(() => outside.close())

async function start() {
  const authority = await createAuthority('lab', Date.now())
  const network = new VirtualNetwork()
  outside = new Outside(hosts, network, new CertificateIssuer(authority, Date.now), () => false)
  return { network, authority }
}

describe('the world outside a cluster', () => {
  it('has an address for each name of the host table, and for no other', async () => {
    await start()
    expect(outside.lookup('STS.us-east-1.amazonaws.com.')).toMatch(/^52\.\d+\.\d+\.\d+$/)
    expect(outside.lookup(NAME)).toBe(outside.lookup(NAME))
    expect(outside.lookup('example.com')).toBeUndefined()
  })

  it('answers https there as the host, with a certificate of the lab', async () => {
    const { network, authority } = await start()
    const address = outside.lookup(NAME)!
    for (let i = 0; i < 2; i++) {
      const socket = network.connect({ address, port: 443 }, pod)
      const secure = connectTls({ socket: socket as never, ca: authority.certificate, servername: NAME })
      secure.end(`GET /x HTTP/1.1\r\nhost: ${NAME}\r\nconnection: close\r\n\r\n`)
      expect(await text(secure)).toContain(`${NAME}/x`)
    }
  })

  it('keeps silent on ports that the host does not serve', async () => {
    const { network } = await start()
    const address = outside.lookup(NAME)!
    expect(() => network.connect({ address, port: 22 }, pod)).toThrow('ETIMEDOUT')
  })
})
