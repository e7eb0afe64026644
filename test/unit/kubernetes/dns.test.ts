import { afterEach, describe, expect, it } from 'vitest'
import { parseCorefile } from '#kubernetes/dns/coredns/corefile.ts'
import type { Surroundings } from '#kubernetes/dns/coredns/plugin.ts'
import { DIRECTIVES, DnsServers } from '#kubernetes/dns/coredns/server.ts'
import { ClusterRecords } from '#kubernetes/dns/records.ts'
import { ServiceRoute } from '#kubernetes/network/services.ts'
import type { Pod, Service } from '#kubernetes/objects.ts'
import { decodeQuery, encodeQuery } from '#network/dns-message.ts'
import { ConnectError } from '#network/virtual-network.ts'
import { StoreIndex } from '#world/store-index.ts'
import { generator } from '../../support/random.ts'
import { pod, readyPods, type TestCluster, testCluster } from './test-cluster.ts'

const PATH = '/etc/coredns/Corefile'
const around = (more: Partial<Surroundings> = {}): Surroundings => ({
  records: undefined,
  synced: () => true,
  upstream: (name) => (name === 'example.com' ? '93.184.216.34' : undefined),
  exchange: () => undefined,
  read: (path) => (path === '/etc/resolv.conf' ? 'nameserver 169.254.169.253\n' : undefined),
  pick: () => 0,
  address: '10.1.0.9',
  ...more,
})
/** Asks servers of a Corefile: the code, and the answers as `TYPE DATA`. */
function asker(corefile: string, surroundings = around()) {
  const servers = new DnsServers(corefile, PATH, new Map(), surroundings)
  return (name: string, type: 'A' | 'AAAA' | 'SRV' | 'PTR' | 'CNAME' | 'TXT' = 'A'): string[] => {
    const answered = servers.answer({ id: 1, size: 40, name, type }, 53)
    if (!answered) return ['REFUSED']
    const { code, answers } = answered.reply
    const shown = answers.map((answer) => {
      const { data } = answer as { data: unknown }
      const text = answer.type === 'SRV' ? `${answer.data.port} ${answer.data.target}` : String(data)
      return `${answer.name} ${answer.type} ${text}`
    })
    return [...(answered.error ? [answered.error] : []), code, ...shown]
  }
}

// Source: coredns.io/plugins (hosts, rewrite, template, forward, kubernetes), coredns/caddy caddyfile/parse.go.
describe('a Corefile', () => {
  it('is refused with its file, its line and the word that is wrong', () => {
    const parse = (text: string) => () => parseCorefile(text, PATH, DIRECTIVES)
    expect(parse('.:53 {\n  errors\n  forwrd . 8.8.8.8\n}\n')).toThrow(
      `${PATH}:3 - Error during parsing: Unknown directive 'forwrd'`,
    )
    expect(parse('.:53 {\n  errors\n')).toThrow(`${PATH}:2 - Error during parsing: Unexpected EOF`)
    expect(() => asker('.:53 {\n  forward .\n}')).toThrow(
      `plugin/forward: ${PATH}:2 - Error during parsing: Wrong argument count or unexpected line ending after '.'`,
    )
    expect(() => asker('.:53 {\n  forward . 1.1.1.1 {\n    fast\n  }\n}')).toThrow("unknown property 'fast'")
    expect(() => asker('.:53 {\n  file db.example\n}')).toThrow('plugin/file: drydock: is not simulated')
  })

  it('knows comments, quotes, several zones, ports and variables', () => {
    const [first, second] = parseCorefile(
      '# names\nexample.org:53 example.net:53 {\n  errors # all\n}\n.:{$PORT} {\n  hosts {\n    10.0.0.1 "a.b"\n  }\n}\n',
      PATH,
      DIRECTIVES,
      new Map([['PORT', '1053']]),
    )
    expect(first!.labels).toEqual(['example.org.:53', 'example.net.:53'])
    expect([second!.port, second!.directives[0]!.body]).toEqual([1053, [['10.0.0.1', 'a.b']]])
  })

  it('answers by the block whose zone fits best, and nobody else’s names', () => {
    const ask = asker(
      'corp:53 {\n hosts {\n 10.9.9.9 db.corp\n }\n}\na.corp {\n hosts {\n 10.8.8.8 x.a.corp\n }\n}\n',
    )
    expect([ask('db.corp'), ask('x.a.corp'), ask('example.com')]).toEqual([
      ['NOERROR', 'db.corp A 10.9.9.9'],
      ['NOERROR', 'x.a.corp A 10.8.8.8'],
      ['REFUSED'],
    ])
  })

  it('has names in lines and files, and leaves others to the next plugin when it says so', () => {
    const block = (more: string) =>
      `.:53 {\n hosts /etc/names {\n 10.0.0.1 one.test\n ${more}\n }\n forward . /etc/resolv.conf\n}`
    const read = (path: string) =>
      path.startsWith('/etc/') ? '10.0.0.2 two.test second # note\n' : undefined
    const strict = asker(block(''), around({ read }))
    expect([strict('one.test'), strict('second'), strict('one.test', 'AAAA')]).toEqual([
      ['NOERROR', 'one.test A 10.0.0.1'],
      ['NOERROR', 'second A 10.0.0.2'],
      ['NOERROR'],
    ])
    expect(strict('example.com')).toEqual(['NXDOMAIN'])
    expect(asker(block('fallthrough'), around({ read }))('example.com')).toEqual([
      'NOERROR',
      'example.com A 93.184.216.34',
    ])
  })

  it('rewrites names, and answers with the one that was asked for', () => {
    const ask = asker(
      '.:53 {\n rewrite name suffix .old.test .com\n rewrite {\n name regex (.*)\\.v1\\.test {1}.com\n }\n forward . /etc/resolv.conf\n}',
    )
    expect(ask('example.old.test')).toEqual(['NOERROR', 'example.old.test A 93.184.216.34'])
    expect(ask('example.v1.test')).toEqual(['NOERROR', 'example.v1.test A 93.184.216.34'])
  })

  it('makes answers from templates', () => {
    const ask = asker(
      '.:53 {\n template IN A ip.test {\n match ^ip-(?P<a>[0-9]+)-(?P<b>[0-9]+)[.]ip[.]test[.]$\n answer "{{ .Name }} 60 IN A 10.0.{{ .Group.a }}.{{ .Group.b }}"\n }\n template ANY ANY gone.test {\n rcode NXDOMAIN\n }\n forward . /etc/resolv.conf\n}'.replace(
        'template ANY ANY',
        'template IN ANY',
      ),
    )
    expect(ask('ip-3-4.ip.test')).toEqual(['NOERROR', 'ip-3-4.ip.test A 10.0.3.4'])
    expect(ask('x.gone.test')).toEqual(['NXDOMAIN'])
  })

  it('asks other servers, tells why they do not answer, and keeps excepted names to itself', () => {
    const asked: string[] = []
    const exchange: Surroundings['exchange'] = ({ address, port }, { name }) => {
      asked.push(`${address}:${port} ${name}`)
      if (name === 'shut.corp') throw new ConnectError('ECONNREFUSED', address, port)
      return undefined
    }
    const ask = asker('corp {\n forward . 10.150.0.1:1053 {\n except own.corp\n }\n}', around({ exchange }))
    expect(ask('silent.corp')[0]).toMatch(/^read udp 10\.1\.0\.9:\d+->10\.150\.0\.1:1053: i\/o timeout$/)
    expect(ask('shut.corp')[0]).toMatch(/read: connection refused$/)
    expect(ask('own.corp')).toContain('SERVFAIL')
    expect(asked).toEqual(['10.150.0.1:1053 silent.corp', '10.150.0.1:1053 shut.corp'])
  })

  it('asks the name servers of its resolv.conf, of which that of the machine’s network is one', () => {
    const asked: string[] = []
    const exchange: Surroundings['exchange'] = ({ address, port }) => void asked.push(`${address}:${port}`)
    const servers = (text: string) =>
      asker('. {\n forward . /etc/resolv.conf\n}', around({ exchange, read: () => text }))('example.com')
    expect(servers('search corp.example.com\nnameserver 10.9.9.9\nnameserver 8.8.8.8\n')).toContain(
      'SERVFAIL',
    )
    expect(asked).toEqual(['10.9.9.9:53', '8.8.8.8:53'])
    expect(servers('nameserver 169.254.169.253\n')).toEqual(['NOERROR', 'example.com A 93.184.216.34'])
    expect(asked).toHaveLength(2)
  })
})

const service = (name: string, spec: object) =>
  ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec }) as never

// Source: RFC 1035, 4.1.
describe('a DNS message', () => {
  it('is read as it was written, and never ends a server that it is no message for', () => {
    const query = encodeQuery({ name: 'Web.default.svc.cluster.local', type: 'A' }, 77)
    expect(decodeQuery(query)).toMatchObject({ id: 77, name: 'web.default.svc.cluster.local', type: 'A' })
    const { below } = generator(5)
    for (let n = 0; n < 2000; n++) {
      const bytes = Buffer.from(query)
      for (let change = 0; change <= n % 5; change++) bytes[below(bytes.length)] = below(256)
      expect(() => decodeQuery(bytes.subarray(0, below(bytes.length)))).not.toThrow()
      expect(() => decodeQuery(bytes)).not.toThrow()
    }
    expect(decodeQuery(Buffer.from('no message'))).toBeUndefined()
  })
})

// Source: github.com/kubernetes/dns docs/specification.md 1.1.0.
describe('the names of a cluster', () => {
  let cluster: TestCluster
  afterEach(() => cluster.close())

  async function names(corefile: string) {
    cluster = await testCluster()
    const one = pod('one')
    cluster.api.create('pods', { ...one, spec: { ...one.spec, hostname: 'one', subdomain: 'set' } })
    cluster.api.create(
      'services',
      service('web', { selector: { app: 'one' }, ports: [{ name: 'http', port: 80 }] }),
    )
    cluster.api.create(
      'services',
      service('set', {
        clusterIP: 'None',
        selector: { app: 'one' },
        ports: [{ name: 'db', port: 5432 }],
      }),
    )
    cluster.api.create('services', service('empty', { clusterIP: 'None', selector: { app: 'nobody' } }))
    cluster.api.create('services', service('out', { type: 'ExternalName', externalName: 'example.com' }))
    await cluster.until('one is ready', () => readyPods(cluster).length === 1)
    const { store } = cluster.world
    const pods = new StoreIndex<Pod>(store, cluster.api.prefix('pods'), () => [])
    const isPod = (address: string) => cluster.pods().some(({ status }) => status.podIP === address)
    const route = new ServiceRoute({
      store,
      api: cluster.api,
      serviceCidr: '10.100.0.0/16',
      isPod,
      pods,
      now: () => 0,
      pick: () => 0,
    })
    const address = cluster.pods()[0]!.status.podIP!
    const clusterIP = cluster.api.get<Service>('services', 'default', 'web')!.spec.clusterIP!
    return {
      ask: asker(corefile, around({ records: new ClusterRecords(cluster.api, route, isPod) })),
      address,
      clusterIP,
    }
  }
  const COREFILE = (pods: string) =>
    `.:53 {\n kubernetes cluster.local in-addr.arpa {\n pods ${pods}\n fallthrough in-addr.arpa\n }\n forward . /etc/resolv.conf\n}`

  it('are those of Services, endpoints, ports and pods', async () => {
    const { ask, address, clusterIP } = await names(COREFILE('insecure'))
    const web = 'web.default.svc.cluster.local'
    const set = 'set.default.svc.cluster.local'
    expect(ask(web)).toEqual(['NOERROR', `${web} A ${clusterIP}`])
    expect(ask(web, 'AAAA')).toEqual(['NOERROR'])
    expect(ask(`_http._tcp.${web}`, 'SRV')).toEqual(['NOERROR', `_http._tcp.${web} SRV 80 ${web}`])
    expect(ask(set)).toEqual(['NOERROR', `${set} A ${address}`])
    expect(ask(`one.${set}`)).toEqual(['NOERROR', `one.${set} A ${address}`])
    expect(ask(`_db._tcp.${set}`, 'SRV')).toEqual(['NOERROR', `_db._tcp.${set} SRV 5432 one.${set}`])
    expect(ask('out.default.svc.cluster.local')).toEqual([
      'NOERROR',
      'out.default.svc.cluster.local CNAME example.com',
      'example.com A 93.184.216.34',
    ])
    expect(ask(`${address.replaceAll('.', '-')}.default.pod.cluster.local`)).toEqual([
      'NOERROR',
      `${address.replaceAll('.', '-')}.default.pod.cluster.local A ${address}`,
    ])
    const reverse = (text: string) => `${text.split('.').reverse().join('.')}.in-addr.arpa`
    expect(ask(reverse(clusterIP), 'PTR')).toEqual(['NOERROR', `${reverse(clusterIP)} PTR ${web}`])
    expect(ask(reverse(address), 'PTR')).toEqual(['NOERROR', `${reverse(address)} PTR one.${set}`])
  })

  it('are told from those that do not exist', async () => {
    const { ask } = await names(COREFILE('verified'))
    expect(ask('default.svc.cluster.local')).toEqual(['NOERROR'])
    for (const name of [
      'empty.default.svc',
      'nope.default.svc',
      'web.nowhere.svc',
      'x.web.default.svc',
      '9-9-9-9.default.pod',
      'x',
    ])
      expect(ask(`${name}.cluster.local`)).toEqual(['NXDOMAIN'])
  })
})
