import { afterEach, describe, expect, it } from 'vitest'
import { adoptNetwork } from '#cloud/adopted-network.ts'
import { eksAddon } from '#kubernetes/eks-addons.ts'
import type { DaemonSet, Node } from '#kubernetes/objects.ts'
import { type TestCluster, testCluster } from '../kubernetes/test-cluster.ts'

let cluster: TestCluster
afterEach(() => cluster.close())

const CONFLIST = '/etc/cni/net.d/10-aws.conflist'
const REGISTRY = '602401143452.dkr.ecr.us-east-1.amazonaws.com'
const readyOf = (name: string) =>
  cluster.api.get<Node>('nodes', '', name)?.status?.conditions?.find(({ type }) => type === 'Ready')

describe('a cluster of an earlier release', () => {
  it('goes on with ready nodes, and with a DaemonSet that has an effect', async () => {
    let bringsNetwork = true
    cluster = await testCluster({ nodes: 1, bringsNetwork: () => bringsNetwork })
    const { world, kubernetes, api } = cluster
    await cluster.until('the node is ready', () => readyOf('node-1')?.status === 'True')
    // As it was made then: a container without files, whose environment somebody has changed.
    const options = { version: 'v1.20.4-eksbuild.2', registry: REGISTRY, dnsAddress: '10.100.0.10' }
    const { object } = eksAddon('vpc-cni', options).find(({ resource }) => resource === 'daemonsets.apps')!
    const pods = (object as unknown as DaemonSet).spec.template.spec!
    const [main] = pods.containers
    const { name, image } = main!
    pods.containers = [{ name, image, env: [{ name: 'WARM_IP_TARGET', value: '5' }] }]
    delete pods.volumes
    delete pods.initContainers
    api.create('daemonsets.apps', object)
    const key = `kubelet/c1/images/node-1/${REGISTRY}/amazon-k8s-cni:${options.version}`
    world.store.put(key, {})

    bringsNetwork = false
    const record = {
      uid: 'c1',
      name: 'lab',
      version: '1.35',
      serviceIpv4Cidr: '10.100.0.0/16',
      endpoint: 'https://kubernetes.test',
    }
    const scope = { world, accountId: '111122223333', region: 'us-east-1' }
    adoptNetwork(world, { record, scope, kubernetes } as never)

    expect(kubernetes.kubelets.filesOf('node-1').exists(CONFLIST)).toBe(true)
    expect(world.store.get(key)).toBeUndefined()
    const spec = api.get<DaemonSet>('daemonsets.apps', 'kube-system', 'aws-node')!.spec.template.spec!
    expect(spec.volumes).toContainEqual({
      name: 'cni-net-dir',
      hostPath: { path: '/etc/cni/net.d', type: '' },
    })
    expect(spec.containers.map((one) => one.image)).toContain(`${REGISTRY}/amazon-k8s-cni:v1.20.4-eksbuild.2`)
    expect(spec.containers[0]!.env).toContainEqual({ name: 'WARM_IP_TARGET', value: '5' })
    await world.advance(120_000)
    expect(readyOf('node-1')?.status).toBe('True')
  })
})
