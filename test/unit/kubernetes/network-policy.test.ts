import { afterEach, describe, expect, it } from 'vitest'
import { eksAddon } from '#kubernetes/eks-addons.ts'
import type { NetworkPolicy } from '#kubernetes/objects.ts'
import { isReady } from '#kubernetes/pods.ts'
import { pod, readyPods, type TestCluster, testCluster } from './test-cluster.ts'

let cluster: TestCluster
afterEach(() => cluster.close())

const policy = (name: string, spec: object, namespace = 'default') =>
  cluster.api.create<NetworkPolicy>('networkpolicies.networking.k8s.io', {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec,
  } as unknown as NetworkPolicy)
const address = (name: string, namespace = 'default') =>
  cluster.pods(namespace).find(({ metadata }) => metadata.name === name)!.status.podIP!
/** How a connection from an address ends: `open`, or its error. */
function connect(from: string, to: string, port = 80): string {
  try {
    cluster.network.connect({ address: to, port }, { address: from, port: 40_000 }).destroy()
    return 'open'
  } catch (error) {
    return (error as { code: string }).code
  }
}
const select = (app: string) => ({ podSelector: { matchLabels: { app } } })

/** Pods `web` and `client`, another `client` in the namespace `other`, and a Service in front of `web`. */
async function pods() {
  cluster = await testCluster()
  cluster.runtime.scripts.set('web', ({ serve }) => {
    for (const port of [80, 81]) serve(port, () => ({ status: 200, body: 'ok' }))
    return undefined
  })
  cluster.api.create('namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'other', labels: { team: 'b' } },
  })
  cluster.api.create('pods', pod('web', { ports: [{ name: 'http', containerPort: 80 }] }))
  cluster.api.create('pods', pod('client'))
  cluster.api.create('services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, clusterIP: '10.100.0.80', ports: [{ port: 8080, targetPort: 80 }] },
  } as never)
  await cluster.world.advance(0)
  const far = pod('client')
  cluster.api.create('pods', { ...far, metadata: { ...far.metadata, namespace: 'other' } })
  await cluster.until('up', () => readyPods(cluster).length === 2 && cluster.pods('other').every(isReady))
  return { web: address('web'), client: address('client'), far: address('client', 'other') }
}

describe('network policies', () => {
  it('let everything pass until one selects the pod, and then only what one allows', async () => {
    const { web, client, far } = await pods()
    expect(connect(client, web)).toBe('open')
    policy('deny', { podSelector: {}, policyTypes: ['Ingress'] })
    expect([connect(client, web), connect(far, web), connect(client, web, 9)]).toEqual(
      Array(3).fill('ETIMEDOUT'),
    )
    policy('allow', { ...select('web'), ingress: [{ from: [select('client')], ports: [{ port: 'http' }] }] })
    expect(connect(client, web)).toBe('open')
    expect(connect(client, '10.100.0.80', 8080)).toBe('open')
    expect(connect(client, web, 81)).toBe('ETIMEDOUT')
    expect(connect(far, web)).toBe('ETIMEDOUT')
    expect(connect('203.0.113.9', web)).toBe('ETIMEDOUT')
    cluster.api.delete('networkpolicies.networking.k8s.io', 'default', 'deny')
    cluster.api.delete('networkpolicies.networking.k8s.io', 'default', 'allow')
    expect(connect(far, web)).toBe('open')
  })

  it('select by namespace, by both together, and by address', async () => {
    const { web, client, far } = await pods()
    policy('team', {
      ...select('web'),
      ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'b' } } }] }],
    })
    expect([connect(far, web), connect(client, web)]).toEqual(['open', 'ETIMEDOUT'])
    policy('block', {
      ...select('web'),
      ingress: [{ from: [{ ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.8/32'] } }] }],
    })
    expect([connect('203.0.113.9', web), connect('203.0.113.8', web)]).toEqual(['open', 'ETIMEDOUT'])
    cluster.api.delete('networkpolicies.networking.k8s.io', 'default', 'team')
    const both = {
      namespaceSelector: { matchLabels: { team: 'b' } },
      podSelector: { matchLabels: { app: 'x' } },
    }
    policy('both', { ...select('web'), ingress: [{ from: [both] }] })
    expect(connect(far, web)).toBe('ETIMEDOUT')
  })

  it('hold traffic back on its way out, with the ports of a range', async () => {
    const { web, client, far } = await pods()
    policy('out', {
      ...select('client'),
      policyTypes: ['Egress'],
      egress: [{ ports: [{ port: 81, endPort: 90 }] }],
    })
    expect([connect(client, web, 81), connect(client, web, 80)]).toEqual(['open', 'ETIMEDOUT'])
    expect(connect(client, '10.100.0.80', 8080)).toBe('ETIMEDOUT')
    expect(connect(far, web)).toBe('open')
  })

  it('never hold back a pod from itself, or its kubelet', async () => {
    const { web } = await pods()
    policy('deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
    expect(connect(web, web)).toBe('open')
    expect(connect(cluster.pod('web').status.hostIP!, web)).toBe('open')
    const probe = { readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 } }
    cluster.api.create('pods', pod('probed', probe))
    await cluster.until('ready', () => isReady(cluster.pod('probed')))
  })

  it('cut a pod off from a name server, as they do', async () => {
    const { web, client } = await pods()
    cluster.network.receive(web, 53, (datagram) => datagram)
    const ask = () => {
      try {
        return String(
          cluster.network.exchange(
            { address: web, port: 53 },
            { address: client, port: 40_000 },
            Buffer.from('web?'),
          ),
        )
      } catch (error) {
        return (error as { code: string }).code
      }
    }
    const dns = (protocol: string) => ({
      ...select('client'),
      policyTypes: ['Egress'],
      egress: [{ to: [{ namespaceSelector: {} }], ports: [{ port: 53, protocol }] }],
    })
    expect(ask()).toBe('web?')
    policy('out', { ...select('client'), policyTypes: ['Egress'] })
    expect(ask()).toBe('ETIMEDOUT')
    policy('tcp', dns('TCP'))
    expect(ask()).toBe('ETIMEDOUT')
    policy('udp', dns('UDP'))
    expect(ask()).toBe('web?')
  })

  it('do nothing on EKS until the VPC CNI is told to enforce them', async () => {
    const { web, client } = await pods()
    const options = { version: 'v1', registry: 'registry.test', dnsAddress: '10.100.0.10' }
    const daemon = (enableNetworkPolicy: string) =>
      eksAddon('vpc-cni', { ...options, configuration: { enableNetworkPolicy } }).find(
        ({ resource }) => resource === 'daemonsets.apps',
      )!.object
    for (const { resource, object } of eksAddon('vpc-cni', options)) cluster.api.create(resource, object)
    policy('deny', { podSelector: {} })
    expect(connect(client, web)).toBe('open')
    const found = cluster.api.get('daemonsets.apps', 'kube-system', 'aws-node')!
    cluster.api.update('daemonsets.apps', { ...daemon('true'), metadata: found.metadata })
    expect(connect(client, web)).toBe('ETIMEDOUT')
  })
})
