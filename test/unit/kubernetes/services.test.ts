import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import type { Deployment, EndpointSlice, Endpoints, Pod, Service } from '#kubernetes/objects.ts'
import { deployment, pod, readyPods, type TestCluster, testCluster } from './test-cluster.ts'

let cluster: TestCluster
afterEach(() => cluster.close())

const service = (name: string, spec: object): Service =>
  ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec,
  }) as unknown as Service

const get = (name = 'web') => cluster.api.get<Service>('services', 'default', name)!

async function serving(replicas = 2, spec: object = {}): Promise<void> {
  cluster = await testCluster()
  cluster.runtime.scripts.set('web', ({ spec, serve }) => {
    serve(8080, () => ({ status: 200, body: spec.hostname }))
    return undefined
  })
  const container = { ports: [{ name: 'http', containerPort: 8080 }] }
  cluster.api.create('deployments.apps', deployment('web', replicas, { container }))
  cluster.api.create(
    'services',
    service('web', { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }], ...spec }),
  )
  await cluster.until('ready', () => readyPods(cluster).length === replicas)
  await cluster.world.advance(0)
}

/** As a process on a node does, unless another address is given. */
const connect = (address: string, port: number, from = '192.168.0.1') =>
  cluster.network.connect({ address, port }, { address: from, port: 40000 })

async function ask(address: string, port: number, from?: string): Promise<string> {
  const socket = connect(address, port, from)
  socket.write('GET / HTTP/1.1\r\n\r\n')
  return (await text(socket)).split('\r\n\r\n')[1]!
}

describe('a Service', () => {
  it('leads its cluster IP to all ready pods', async () => {
    await serving()
    const answers = new Set<string>()
    for (let i = 0; i < 30; i++) answers.add(await ask(get().spec.clusterIP!, 80))
    expect([...answers].sort()).toEqual(
      cluster
        .pods()
        .map((pod) => pod.metadata.name)
        .sort(),
    )
    expect(() => connect(get().spec.clusterIP!, 81)).toThrow('ETIMEDOUT')
    expect(() => connect(get().spec.clusterIP!, 80, '10.9.9.9')).toThrow('EHOSTUNREACH')
  })

  it('keeps EndpointSlices and Endpoints that equal its ready pods', async () => {
    await serving()
    const addresses = cluster
      .pods()
      .map((pod) => pod.status.podIP)
      .sort()
    const [slice] = cluster.api
      .list<EndpointSlice>('endpointslices.discovery.k8s.io', 'default')
      .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === 'web')
    expect(slice).toMatchObject({
      addressType: 'IPv4',
      ports: [{ name: '', port: 8080, protocol: 'TCP' }],
      metadata: { labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' } },
    })
    expect(slice!.endpoints!.flatMap((endpoint) => endpoint.addresses).sort()).toEqual(addresses)
    const endpoints = cluster.api.get<Endpoints>('endpoints', 'default', 'web')!
    expect(endpoints.subsets![0]!.addresses!.map(({ ip }) => ip).sort()).toEqual(addresses)
    const service = get()
    cluster.api.update('services', {
      ...service,
      metadata: { ...service.metadata, labels: { team: 'a' } },
    })
    await cluster.world.advance(0)
    for (const resource of ['endpoints', 'endpointslices.discovery.k8s.io'])
      expect(cluster.api.list(resource, 'default')[0]!.metadata.labels).toMatchObject({ team: 'a' })
  })

  it('is refused when it has no endpoints', async () => {
    await serving(1)
    cluster.api.update('deployments.apps', {
      ...cluster.api.get<Deployment>('deployments.apps', 'default', 'web')!,
      spec: deployment('web', 0).spec,
    })
    await cluster.until('gone', () => cluster.pods().length === 0)
    expect(() => connect(get().spec.clusterIP!, 80)).toThrow('ECONNREFUSED')
  })

  it('answers on its node port on every node, and of a LoadBalancer says where', async () => {
    await serving(1, { type: 'LoadBalancer' })
    const { nodePort } = get().spec.ports![0]!
    for (const node of ['192.168.0.1', '192.168.0.2']) {
      expect(await ask(node, nodePort!)).toBe(cluster.pods()[0]!.metadata.name)
    }
    await cluster.until('hostname', () => get().status.loadBalancer?.ingress)
    expect(get().status.loadBalancer!.ingress).toEqual([{ hostname: 'lb-web.us-east-1.elb.amazonaws.com' }])
    expect(get().metadata.finalizers).toEqual(['service.kubernetes.io/load-balancer-cleanup'])
    expect(cluster.events('web')).toEqual(
      expect.arrayContaining([
        'EnsuringLoadBalancer: Ensuring load balancer',
        'EnsuredLoadBalancer: Ensured load balancer',
      ]),
    )
    expect([...cluster.balancers.values()]).toMatchObject([
      { name: 'web', ports: [{ port: 80, nodePort }], nodes: [{ name: 'node-1' }, { name: 'node-2' }] },
    ])
    cluster.api.delete('services', 'default', 'web')
    await cluster.until('gone', () => !get())
    expect(cluster.balancers.size).toBe(0)
    expect(cluster.api.get('endpoints', 'default', 'web')).toBeUndefined()
  })

  it('keeps a client at its pod when it is sticky', async () => {
    await serving(3, { sessionAffinity: 'ClientIP' })
    const answers = new Set<string>()
    for (let i = 0; i < 10; i++) answers.add(await ask(get().spec.clusterIP!, 80))
    expect(answers.size).toBe(1)
  })

  it('is of its own cluster only, though another has the same address range', async () => {
    await serving(1)
    const other = await testCluster({ beside: cluster, nodes: 0 })
    other.addNode('other-1', { address: '192.168.1.1' })
    other.api.create('services', service('web', { clusterIP: get().spec.clusterIP!, ports: [{ port: 80 }] }))
    other.api.create('pods', pod('client'))
    await cluster.until('running', () => other.pod('client')?.status.phase === 'Running')
    const { clusterIP } = get().spec
    for (const inOther of ['192.168.1.1', other.pod('client').status.podIP!]) {
      expect(() => connect(clusterIP!, 80, inOther)).toThrow('ECONNREFUSED')
    }
    expect(await ask(clusterIP!, 80, cluster.pods()[0]!.status.podIP)).toBe(cluster.pods()[0]!.metadata.name)
    other.kubernetes.stop()
  })

  // Source: kubernetes.io/docs/concepts/services-networking/dns-pod-service (setHostnameAsFQDN).
  it('gives the pods of its subdomain their host name, the whole of it when they ask for that', async () => {
    cluster = await testCluster()
    const named = (name: string, more: object) => {
      const made = pod(name)
      return { ...made, spec: { ...made.spec, hostname: name, subdomain: 'set', ...more } }
    }
    cluster.api.create('pods', named('one', {}))
    cluster.api.create('pods', named('two', { setHostnameAsFQDN: true }))
    await cluster.until('both are ready', () => readyPods(cluster).length === 2)
    expect(cluster.runtime.specs.map(({ hostname }) => hostname).sort()).toEqual([
      'one',
      'two.set.default.svc.cluster.local',
    ])
  })

  it('has names in DNS, as pods see them', async () => {
    await serving(2)
    cluster.api.create(
      'services',
      service('headless', { clusterIP: 'None', selector: { app: 'web' }, ports: [{ port: 80 }] }),
    )
    cluster.api.create(
      'services',
      service('alias', { type: 'ExternalName', externalName: 'web.default.svc.cluster.local' }),
    )
    await cluster.world.advance(0)
    const { lookup } = cluster.runtime.specs[0]!
    const clusterIp = get().spec.clusterIP
    for (const name of ['web', 'web.default', 'web.default.svc.cluster.local', 'alias'])
      expect(lookup!(name)).toEqual([clusterIp])
    expect(lookup!('web.other')).toEqual([])
    expect(lookup!('headless')).toEqual(
      expect.arrayContaining(cluster.pods().map((pod: Pod) => pod.status.podIP)),
    )
  })
})
