import { afterEach, describe, expect, it } from 'vitest'
import { installSystemAddons } from '#cloud/system-addons.ts'
import { type TestCluster, testCluster } from '../kubernetes/test-cluster.ts'

let cluster: TestCluster
afterEach(() => cluster.close())

const ROLES = 'clusterroles.rbac.authorization.k8s.io'

describe('the add-ons of a new cluster', () => {
  it('are installed once, and a cluster of an earlier release gets their rights alone', async () => {
    cluster = await testCluster()
    const { world, kubernetes, api } = cluster
    const record = {
      uid: 'c1',
      version: '1.35',
      serviceIpv4Cidr: '10.100.0.0/16',
      endpoint: 'https://kubernetes.test',
    }
    const install = () => installSystemAddons(world, { record, kubernetes } as never)
    const has = (resource: string, namespace: string, name: string) =>
      api.get(resource, namespace, name) !== undefined
    install()
    expect(has('deployments.apps', 'kube-system', 'coredns')).toBe(true)
    expect(has(ROLES, '', 'system:coredns')).toBe(true)
    api.delete('deployments.apps', 'kube-system', 'coredns')
    api.delete(ROLES, '', 'system:coredns')
    install()
    expect(has(ROLES, '', 'system:coredns')).toBe(false)
    world.store.put('cluster-bootstrap/c1', true)
    install()
    expect(has(ROLES, '', 'system:coredns')).toBe(true)
    expect(has('deployments.apps', 'kube-system', 'coredns')).toBe(false)
  })
})
