import { beforeAll, describe, expect, it } from 'vitest'
import { allOperations } from './operations.ts'
import { type Json, workbench } from './workbench.ts'

// Conformance of sig-network. Each `it` is named after the testname of test/conformance/testdata/conformance.yaml (kubernetes/kubernetes, 1.35).
// The network of the simulation carries TCP: entries about UDP stand in FIDELITY.md.

const CORE = '/api/v1/namespaces/default'
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'
const AGNHOST = 'registry.k8s.io/e2e-test-images/agnhost:2.53'

const bench = workbench(2)
beforeAll(async () => {
  for (const node of ['node-1', 'node-2'])
    await bench.until(`/api/v1/nodes/${node}`, ({ status }) =>
      status.conditions?.some(({ type, status }: Json) => type === 'Ready' && status === 'True'),
    )
  await bench.post(`${CORE}/pods`, {
    metadata: { name: 'client' },
    spec: {
      nodeName: 'node-1',
      containers: [{ name: 'main', image: 'busybox', command: ['sleep', '100000'] }],
    },
  })
  for (const name of ['one', 'two', 'three'])
    await bench.post(`${CORE}/pods`, server(name, { app: 'hostname' }, name === 'one' ? 'node-1' : 'node-2'))
  for (const name of ['client', 'one', 'two', 'three']) await ready(name)
})

const server = (
  name: string,
  labels: object,
  nodeName?: string,
  spec: object = {},
  container: object = {},
) => ({
  metadata: { name, labels },
  spec: {
    ...(nodeName && { nodeName }),
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'main',
        image: AGNHOST,
        args: ['netexec', '--http-port=8080'],
        ports: [{ containerPort: 8080 }],
        ...container,
      },
    ],
    ...spec,
  },
})
const ready = (name: string) =>
  bench.until(`${CORE}/pods/${name}`, ({ status }) =>
    status.conditions?.some(({ type, status }: Json) => type === 'Ready' && status === 'True'),
  )
const HOSTNAME = { app: 'hostname' }
const service = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: { selector: HOSTNAME, ports: [{ port: 80, targetPort: 8080 }], ...spec },
})
const make = (name: string, spec?: object) => bench.post(`${CORE}/services`, service(name, spec))
const exec = (command: string, pod = 'client') => bench.cluster.run(['exec', pod, '--', 'sh', '-c', command])
/** What the client is told under an address, so many times. */
async function asked(url: string, times = 1): Promise<string[]> {
  const { stdout } = await exec(
    `for i in $(seq ${times}); do wget -qO- -T 2 http://${url}/hostname; echo; done`,
  )
  return stdout.split('\n').filter(Boolean)
}
const ALL = ['one', 'three', 'two']
const found = async (name: string) => (await exec(`nslookup ${name}`)).stdout

describe('Services', () => {
  const update = async (name: string, change: (service: Json) => void) => {
    const path = `${CORE}/services/${name}`
    const object = await bench.get(path)
    change(object)
    return bench.put(path, object)
  }

  it('Service, change type, ExternalName to ClusterIP', async () => {
    const made = await make('external-to-cluster', {
      type: 'ExternalName',
      externalName: 'foo.example.com',
      selector: undefined,
      ports: undefined,
    })
    expect(made.spec.clusterIP).toBeUndefined()
    const { spec } = await update('external-to-cluster', (object) => {
      object.spec = {
        type: 'ClusterIP',
        selector: HOSTNAME,
        ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }],
      }
    })
    expect(spec.clusterIP).toMatch(/^10\.100\./)
    await bench.advance(100)
    for (const address of ['external-to-cluster', spec.clusterIP])
      expect(ALL).toContain((await asked(address))[0])
  })

  it('Service, change type, ExternalName to NodePort', async () => {
    await make('external-to-node', {
      type: 'ExternalName',
      externalName: 'foo.example.com',
      selector: undefined,
      ports: undefined,
    })
    const { spec } = await update('external-to-node', (object) => {
      object.spec = {
        type: 'NodePort',
        selector: HOSTNAME,
        ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }],
      }
    })
    const { nodePort } = spec.ports[0]
    await bench.advance(100)
    for (const address of [
      'external-to-node',
      spec.clusterIP,
      `192.168.0.1:${nodePort}`,
      `192.168.0.2:${nodePort}`,
    ])
      expect(ALL).toContain((await asked(address))[0])
  })

  it('Service, change type, ClusterIP to ExternalName', async () => {
    await make('cluster-to-external')
    const { spec } = await update('cluster-to-external', (object) => {
      object.spec = {
        ...object.spec,
        type: 'ExternalName',
        externalName: 'kubernetes.default.svc.cluster.local',
        clusterIP: '',
      }
    })
    expect(spec).not.toHaveProperty('clusterIP')
    expect(spec).not.toHaveProperty('clusterIPs')
    expect(await found('cluster-to-external.default.svc.cluster.local')).toContain('Address: 10.100.0.1')
    await bench.until(
      `${SLICES}?labelSelector=kubernetes.io/service-name%3Dcluster-to-external`,
      ({ items }) => items.length === 0,
    )
  })

  it('Service, change type, NodePort to ExternalName', async () => {
    await make('node-to-external', { type: 'NodePort' })
    const { spec } = await update('node-to-external', (object) => {
      object.spec = {
        ...object.spec,
        type: 'ExternalName',
        externalName: 'kubernetes.default.svc.cluster.local',
        clusterIP: '',
      }
      delete object.spec.ports[0].nodePort
    })
    expect(spec).not.toHaveProperty('clusterIP')
    expect(spec.ports[0]).not.toHaveProperty('nodePort')
    expect(await found('node-to-external.default.svc.cluster.local')).toContain('Address: 10.100.0.1')
  })

  it('Service, NodePort Service', async () => {
    const { spec } = await make('node-port', { type: 'NodePort' })
    await bench.advance(100)
    const { nodePort } = spec.ports[0]
    for (const address of ['node-port', spec.clusterIP, `192.168.0.1:${nodePort}`, `192.168.0.2:${nodePort}`])
      expect(ALL).toContain((await asked(address))[0])
  })

  for (const type of ['ClusterIP', 'NodePort'] as const) {
    const address = ({ spec }: Json) =>
      type === 'NodePort' ? `192.168.0.2:${spec.ports[0].nodePort}` : spec.clusterIP
    const hosts = async (made: Json) => [...new Set(await asked(address(made), 12))].sort()

    it(`Service, ${type} type, session affinity to ClientIP`, async () => {
      const made = await make(`sticky-${type.toLowerCase()}`, { type, sessionAffinity: 'ClientIP' })
      await bench.advance(100)
      expect(await hosts(made)).toHaveLength(1)
    })

    it(`Service, ${type} type, session affinity to None`, async () => {
      const name = `loose-${type.toLowerCase()}`
      const made = await make(name, { type, sessionAffinity: 'ClientIP' })
      await bench.advance(100)
      expect(await hosts(made)).toHaveLength(1)
      await update(name, (object) => {
        object.spec.sessionAffinity = 'None'
        delete object.spec.sessionAffinityConfig
      })
      expect((await hosts(made)).length).toBeGreaterThan(1)
      await update(name, (object) => {
        object.spec.sessionAffinity = 'ClientIP'
      })
      expect(await hosts(made)).toHaveLength(1)
    })
  }

  it('Service, complete ServiceStatus lifecycle', async () => {
    const path = `${CORE}/services/status`
    const watch = await bench.watch(`${CORE}/services?fieldSelector=metadata.name%3Dstatus`)
    await make('status', { type: 'LoadBalancer', loadBalancerClass: 'example.com/none' })
    const read = await bench.get(`${path}/status`)
    expect(read.status).toEqual({ loadBalancer: {} })
    const ingress = [{ ip: '203.0.113.1' }]
    const patched = await bench.patch(`${path}/status`, {
      metadata: { annotations: { patched: 'true' } },
      status: { loadBalancer: { ingress } },
    })
    expect(patched.status.loadBalancer.ingress).toEqual([{ ip: '203.0.113.1', ipMode: 'VIP' }])
    const condition = {
      type: 'StatusUpdate',
      status: 'True',
      reason: 'E2E',
      message: 'set by a test',
      lastTransitionTime: '2026-11-01T00:00:00Z',
    }
    patched.status.conditions = [condition]
    expect((await bench.put(`${path}/status`, patched)).status.conditions).toEqual([condition])
    await bench.patch(path, { metadata: { labels: { patched: 'true' } } })
    await watch.next(({ object }) => object.metadata.labels?.patched)
    await bench.delete(path)
    await watch.next(({ type }) => type === 'DELETED')
    watch.close()
  })

  it('Service, deletes a collection of services', async () => {
    for (const [name, walk] of [
      ['a', 'yes'],
      ['b', 'yes'],
      ['c', 'no'],
    ] as const)
      await bench.post(`${CORE}/services`, {
        ...service(`collection-${name}`),
        metadata: { name: `collection-${name}`, labels: { walk, collection: 'here' } },
      })
    const query = (label: string) => `${CORE}/services?labelSelector=${encodeURIComponent(label)}`
    expect((await bench.get(query('collection=here'))).items).toHaveLength(3)
    await bench.delete(query('walk=yes'))
    expect(
      (await bench.get(query('collection=here'))).items.map(({ metadata }: Json) => metadata.name),
    ).toEqual(['collection-c'])
  })

  it('Find Kubernetes Service in default Namespace', async () => {
    const { items } = await bench.get('/api/v1/services')
    expect(
      items.some(({ metadata }: Json) => metadata.name === 'kubernetes' && metadata.namespace === 'default'),
    ).toBe(true)
  })

  it('Kubernetes Service', async () => {
    const { spec } = await bench.get(`${CORE}/services/kubernetes`)
    expect(spec.ports).toEqual([{ name: 'https', port: 443, protocol: 'TCP', targetPort: 443 }])
  })

  /** The endpoints that a Service has, as `address:port` of EndpointSlices. */
  const endpoints = (name: string, expected: string[]) => {
    const query = `${SLICES}?labelSelector=${encodeURIComponent(`kubernetes.io/service-name=${name}`)}`
    const of = (items: Json[]) =>
      items
        .flatMap(({ endpoints, ports }) =>
          (endpoints ?? [])
            .filter(({ conditions }: Json) => conditions.ready)
            .flatMap(({ targetRef }: Json) =>
              (ports ?? []).map(({ port }: Json) => `${targetRef.name}:${port}`),
            ),
        )
        .sort()
    return bench.until(query, ({ items }) => items.length > 0 && of(items).join() === expected.join())
  }

  it('Service, endpoints', async () => {
    const labels = { app: 'basic' }
    await make('basic', { selector: labels, ports: [{ port: 80, targetPort: 80 }] })
    await endpoints('basic', [])
    const pod = (name: string) =>
      bench.post(`${CORE}/pods`, server(name, labels, undefined, {}, { args: ['netexec', '--http-port=80'] }))
    await pod('basic-1')
    await endpoints('basic', ['basic-1:80'])
    await pod('basic-2')
    await endpoints('basic', ['basic-1:80', 'basic-2:80'])
    await bench.delete(`${CORE}/pods/basic-1`)
    await endpoints('basic', ['basic-2:80'])
    expect(await asked('basic')).toEqual(['basic-2'])
    await bench.delete(`${CORE}/pods/basic-2`)
    await endpoints('basic', [])
  })

  it('Service, endpoints with multiple ports', async () => {
    const labels = { app: 'multi' }
    await make('multi', {
      selector: labels,
      ports: [
        { name: 'portname1', port: 80, targetPort: 'svc1' },
        { name: 'portname2', port: 81, targetPort: 'svc2' },
      ],
    })
    await endpoints('multi', [])
    const pod = (name: string, port: string, containerPort: number) =>
      bench.post(
        `${CORE}/pods`,
        server(
          name,
          labels,
          undefined,
          {},
          { args: ['netexec', `--http-port=${containerPort}`], ports: [{ name: port, containerPort }] },
        ),
      )
    await pod('multi-1', 'svc1', 100)
    await endpoints('multi', ['multi-1:100'])
    await pod('multi-2', 'svc2', 101)
    await endpoints('multi', ['multi-1:100', 'multi-2:101'])
    expect(await asked('multi:80')).toEqual(['multi-1'])
    expect(await asked('multi:81')).toEqual(['multi-2'])
    await bench.delete(`${CORE}/pods/multi-1`)
    await endpoints('multi', ['multi-2:101'])
    await bench.delete(`${CORE}/pods/multi-2`)
    await endpoints('multi', [])
  })

  // The half of it that there is TCP for.
  it('Service, should serve endpoints on same port and different protocols.', async () => {
    const tcp = { name: 'tcp', port: 80, targetPort: 8080, protocol: 'TCP' }
    const udp = { name: 'udp', port: 80, targetPort: 8081, protocol: 'UDP' }
    await make('both', { ports: [tcp, udp] })
    await bench.advance(100)
    expect(ALL).toContain((await asked('both'))[0])
    await update('both', ({ spec }) => {
      spec.ports = [tcp]
    })
    await bench.advance(100)
    expect(ALL).toContain((await asked('both'))[0])
    await update('both', ({ spec }) => {
      spec.ports = [udp]
    })
    await bench.advance(100)
    expect(await asked('both')).toEqual([])
  })

  it('Service endpoint latency, thresholds', async () => {
    const watch = await bench.watch(`${SLICES}?labelSelector=walk%3Dlatency`)
    const started = bench.cluster.world.clock.now()
    for (let index = 0; index < 20; index++)
      await bench.post(`${CORE}/services`, {
        ...service(`latency-${index}`),
        metadata: { name: `latency-${index}`, labels: { walk: 'latency' } },
      })
    for (let index = 0; index < 20; index++)
      await watch.next(({ type, object }) => type === 'ADDED' && object.endpoints.length === 3)
    watch.close()
    expect(bench.cluster.world.clock.now() - started).toBeLessThan(20_000)
  })

  it('Endpoint resource lifecycle', async () => {
    const path = `${CORE}/endpoints/lifecycle`
    await bench.post(`${CORE}/endpoints`, {
      metadata: { name: 'lifecycle', labels: { walk: 'endpoints' } },
      subsets: [{ addresses: [{ ip: '10.0.0.240' }], ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }],
    })
    const watch = await bench.watch(`${CORE}/endpoints?labelSelector=walk%3Dendpoints`)
    const object = await bench.get(path)
    object.metadata.labels.updated = 'true'
    await bench.put(path, object)
    const subsets = [
      { addresses: [{ ip: '10.0.0.25' }], ports: [{ name: 'http-test', port: 8080, protocol: 'TCP' }] },
    ]
    await bench.patch(path, { metadata: { labels: { patched: 'true' } }, subsets }, 'strategic')
    const { object: patched } = await watch.next(({ object }) => object.metadata.labels.patched)
    expect(patched.metadata.labels.updated).toBe('true')
    expect(patched.subsets).toEqual(subsets)
    await bench.delete(`${CORE}/endpoints?labelSelector=walk%3Dendpoints`)
    await watch.next(({ type }) => type === 'DELETED')
    watch.close()
  })
})

describe('EndpointSlices', () => {
  const labelled = (name: string) =>
    `${SLICES}?labelSelector=${encodeURIComponent(`kubernetes.io/service-name=${name}`)}`

  it('EndpointSlice API', async () => {
    // Those of the API server itself.
    const own = await bench.get(labelled('kubernetes'))
    const subset = (await bench.get(`${CORE}/endpoints/kubernetes`)).subsets[0]
    expect(own.items[0].endpoints.flatMap(({ addresses }: Json) => addresses)).toEqual(
      subset.addresses.map(({ ip }: Json) => ip),
    )
    expect(own.items[0].ports[0].port).toBe(subset.ports[0].port)
    // Those of Services with a selector, which come and go with them.
    await make('sliced', { ports: [{ name: 'example', port: 80, targetPort: 8080 }] })
    const { items } = await bench.until(labelled('sliced'), ({ items }) => items[0]?.endpoints?.length === 3)
    expect(items[0]).toMatchObject({
      metadata: {
        annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': expect.stringMatching(/^\d{4}-/) },
        labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' },
        ownerReferences: [{ kind: 'Service', name: 'sliced', controller: true }],
      },
      addressType: 'IPv4',
      ports: [{ name: 'example', port: 8080, protocol: 'TCP' }],
    })
    const endpoints = await bench.get(`${CORE}/endpoints/sliced`)
    expect(endpoints.subsets[0].addresses).toHaveLength(3)
    expect(endpoints.metadata.annotations).toHaveProperty([
      'endpoints.kubernetes.io/last-change-trigger-time',
    ])
    await bench.delete(`${CORE}/services/sliced`)
    await bench.until(labelled('sliced'), ({ items }) => items.length === 0)
    await bench.until(`${CORE}/endpoints/sliced`, (gone) => !gone)
    // And as objects.
    await allOperations(bench, {
      base: '/apis/discovery.k8s.io/v1',
      plural: 'endpointslices',
      namespace: 'default',
      object: { addressType: 'IPv4', endpoints: [{ addresses: ['1.2.3.4'] }], ports: [{ port: 80 }] },
    })
  })

  it('EndpointSlice Mirroring', async () => {
    await make('mirrored', { selector: undefined, ports: [{ name: 'example', port: 80, targetPort: 8080 }] })
    const { podIP } = (await bench.get(`${CORE}/pods/one`)).status
    await bench.post(`${CORE}/endpoints`, {
      metadata: { name: 'mirrored' },
      subsets: [{ addresses: [{ ip: podIP }], ports: [{ name: 'example', port: 8080 }] }],
    })
    const { items } = await bench.until(labelled('mirrored'), ({ items }) => items.length === 1)
    expect(items[0]).toMatchObject({
      metadata: {
        generateName: 'mirrored-',
        labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io' },
        ownerReferences: [{ kind: 'Endpoints', name: 'mirrored' }],
      },
      endpoints: [{ addresses: [podIP], conditions: { ready: true } }],
      ports: [{ name: 'example', port: 8080, protocol: 'TCP' }],
    })
    expect(await asked('mirrored')).toEqual(['one'])
    await bench.patch(`${CORE}/endpoints/mirrored`, {
      subsets: [{ addresses: [{ ip: '10.2.3.4' }], ports: [{ name: 'example', port: 9090 }] }],
    })
    await bench.until(
      labelled('mirrored'),
      ({ items }) => items[0]?.ports[0].port === 9090 && items[0].endpoints[0].addresses[0] === '10.2.3.4',
    )
    await bench.delete(`${CORE}/endpoints/mirrored`)
    await bench.until(labelled('mirrored'), ({ items }) => items.length === 0)
  })
})

describe('DNS', () => {
  beforeAll(async () => {
    await make('dns', { ports: [{ name: 'http', port: 80, targetPort: 8080 }] })
    await make('headless', { clusterIP: 'None', ports: [{ name: 'http', port: 80, targetPort: 8080 }] })
    await bench.post(
      `${CORE}/pods`,
      server('querier', { app: 'querier' }, undefined, { hostname: 'dns-querier', subdomain: 'queriers' }),
    )
    await make('queriers', { clusterIP: 'None', selector: { app: 'querier' } })
    await ready('querier')
  })
  const addressOf = async (pod: string) => (await bench.get(`${CORE}/pods/${pod}`)).status.podIP

  it('DNS, cluster', async () => {
    expect(await found('kubernetes.default.svc.cluster.local')).toContain('Address: 10.100.0.1')
    expect((await exec('cat /etc/hosts', 'querier')).stdout).toMatch(
      /dns-querier\.queriers\.default\.svc\.cluster\.local\s+dns-querier/,
    )
  })

  it('DNS, services', async () => {
    const { clusterIP } = (await bench.get(`${CORE}/services/dns`)).spec
    for (const name of ['dns.default.svc', 'dns.default.svc.cluster.local'])
      expect(await found(name)).toContain(`Address: ${clusterIP}`)
    const answer = await found('headless.default.svc.cluster.local')
    for (const pod of ALL) expect(answer).toContain(`Address: ${await addressOf(pod)}`)
    expect((await exec(`nslookup ${clusterIP}`)).stdout).toContain('name = dns.default.svc.cluster.local')
    expect((await exec('nslookup -type=srv _http._tcp.dns.default.svc.cluster.local')).stdout).toMatch(
      /service = \d+ \d+ 80 dns\.default\.svc\.cluster\.local/,
    )
  })

  it('DNS, PQDN for services', async () => {
    const { clusterIP } = (await bench.get(`${CORE}/services/dns`)).spec
    for (const name of ['dns', 'dns.default']) expect(await found(name)).toContain(`Address: ${clusterIP}`)
    expect(await found('headless')).toContain(`Address: ${await addressOf('one')}`)
    expect(await asked('dns.default')).toHaveLength(1)
  })

  it('DNS, resolve the hostname', async () => {
    expect(await found('dns-querier.queriers.default.svc.cluster.local')).toContain(
      `Address: ${await addressOf('querier')}`,
    )
    expect((await exec('hostname -f', 'querier')).stdout).toBe(
      'dns-querier.queriers.default.svc.cluster.local\n',
    )
  })

  it('DNS, resolve the subdomain', async () => {
    expect(await found('queriers.default.svc.cluster.local')).toContain(
      `Address: ${await addressOf('querier')}`,
    )
  })

  it('DNS, for ExternalName Services', async () => {
    const path = `${CORE}/services/external`
    await make('external', {
      type: 'ExternalName',
      externalName: 'foo.example.com',
      selector: undefined,
      ports: undefined,
    })
    const name = 'external.default.svc.cluster.local'
    const alias = async () => (await exec(`nslookup -type=cname ${name}`)).stdout
    expect(await alias()).toContain('canonical name = foo.example.com')
    await bench.patch(path, { spec: { externalName: 'bar.example.com' } })
    expect(await alias()).toContain('canonical name = bar.example.com')
    const { spec } = await bench.patch(path, {
      spec: { type: 'ClusterIP', externalName: null, ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] },
    })
    expect(await found(name)).toContain(`Address: ${spec.clusterIP}`)
  })

  it('DNS, custom dnsConfig', async () => {
    const dnsConfig = {
      nameservers: ['1.1.1.1'],
      searches: ['resolv.conf.local'],
      options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
    }
    await bench.post(
      `${CORE}/pods`,
      server('configured', {}, undefined, { dnsPolicy: 'None', dnsConfig }, { args: ['pause'] }),
    )
    await ready('configured')
    expect((await exec('cat /etc/resolv.conf', 'configured')).stdout).toBe(
      'search resolv.conf.local\nnameserver 1.1.1.1\noptions ndots:2 edns0\n',
    )
    expect((await bench.cluster.kubectl('exec configured -- /agnhost dns-suffix')).trim()).toBe(
      'resolv.conf.local',
    )
    expect((await bench.cluster.kubectl('exec configured -- /agnhost dns-server-list')).trim()).toBe(
      '1.1.1.1',
    )
  })
})

describe('networking', () => {
  const dial = async (from: string, host: string) =>
    JSON.parse(
      (
        await exec(
          `wget -qO- 'http://${await podIP(from)}:8080/dial?request=hostname&protocol=http&host=${host}&port=8080&tries=1'`,
        )
      ).stdout,
    )
  const podIP = async (name: string) => (await bench.get(`${CORE}/pods/${name}`)).status.podIP

  it('Networking, intra pod http', async () => {
    for (const name of ALL) expect(await dial('one', await podIP(name))).toEqual({ responses: [name] })
  })

  it('Networking, intra pod http, from node', async () => {
    await bench.post(
      `${CORE}/pods`,
      server(
        'on-host',
        {},
        'node-1',
        { hostNetwork: true },
        { args: ['netexec', '--http-port=18080'], ports: [{ containerPort: 18080 }] },
      ),
    )
    await ready('on-host')
    for (const name of ALL)
      expect((await exec(`wget -qO- http://${await podIP(name)}:8080/hostname`, 'on-host')).stdout).toBe(name)
  })
})

describe('the proxy of the API server', () => {
  const METHODS = ['DELETE', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'GET']
  const patch = { 'content-type': 'application/json' }
  beforeAll(() => make('proxied', { ports: [{ name: 'portname1', port: 80, targetPort: 8080 }] }))

  it('Proxy, validate ProxyWithPath responses', async () => {
    for (const target of [
      'pods/one:8080',
      'services/proxied',
      'services/proxied:portname1',
      'services/proxied:80',
    ])
      for (const method of METHODS) {
        const answer = await bench.ask(method, `${CORE}/${target}/proxy/hostname`, undefined, patch)
        expect([method, target, answer.status]).toEqual([method, target, 200])
        expect(ALL).toContain(answer.body)
      }
    for (const target of ['pods/one:8080', 'services/proxied']) {
      const head = await bench.cluster.request('HEAD', `${CORE}/${target}/proxy/hostname`)
      head.resume()
      expect(head.statusCode).toBe(200)
    }
  })

  it('Proxy, validate Proxy responses', async () => {
    for (const target of ['pods/one:8080', 'services/proxied'])
      for (const method of METHODS) {
        const { status } = await bench.ask(method, `${CORE}/${target}/proxy`, undefined, patch)
        // What only reads is led to the path with a slash.
        expect([method, target, status]).toEqual([method, target, method === 'GET' ? 301 : 200])
      }
  })

  it('Proxy, logs service endpoint', async () => {
    expect(ALL).toContain(await bench.get(`${CORE}/services/http:proxied:portname1/proxy/hostname`))
    expect(await bench.get(`${CORE}/pods/http:one:8080/proxy/echo?msg=foo`)).toBe('foo')
    expect((await bench.ask('GET', `${CORE}/services/proxied:81/proxy/`)).status).toBe(503)
  })
})

describe('objects of networking.k8s.io', () => {
  const base = '/apis/networking.k8s.io/v1'
  it('Ingress API', () =>
    allOperations(bench, {
      base,
      plural: 'ingresses',
      namespace: 'default',
      object: {
        spec: {
          defaultBackend: { service: { name: 'default-backend', port: { number: 80 } } },
          rules: [
            {
              host: 'foo.bar.com',
              http: {
                paths: [
                  {
                    path: '/',
                    pathType: 'Exact',
                    backend: { service: { name: 'test-backend', port: { number: 8080 } } },
                  },
                ],
              },
            },
          ],
          tls: [{ hosts: ['*.foo.com'], secretName: 'secret' }],
        },
      },
      status: () => ({ loadBalancer: { ingress: [{ ip: '169.1.1.1' }] } }),
    }))
  it('IngressClass API', () =>
    allOperations(bench, {
      base,
      plural: 'ingressclasses',
      object: { spec: { controller: 'example.com/controller' } },
    }))
  it('IPAddress API', async () => {
    const parentRef = { group: '', resource: 'services', namespace: 'default', name: 'any' }
    await allOperations(bench, {
      base,
      plural: 'ipaddresses',
      object: { spec: { parentRef } },
      names: ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
    })
    // Each address of a Service is such an object.
    expect((await bench.get(`${base}/ipaddresses/10.100.0.1`)).spec.parentRef).toEqual({
      ...parentRef,
      name: 'kubernetes',
    })
  })
  it('ServiceCIDR API', async () => {
    expect((await bench.get(`${base}/servicecidrs/kubernetes`)).spec.cidrs).toEqual(['10.100.0.0/16'])
    await allOperations(bench, {
      base,
      plural: 'servicecidrs',
      object: { spec: { cidrs: ['10.200.0.0/24'] } },
      names: ['walk-1'],
      status: ({ status }) => ({
        conditions: [
          ...(status?.conditions ?? []),
          {
            type: 'Walked',
            status: 'True',
            reason: 'Test',
            message: 'set',
            lastTransitionTime: '2026-11-01T00:00:00Z',
          },
        ],
      }),
    })
  })
})
