import { afterEach, describe, expect, it } from 'vitest'
import type { KubernetesObject } from '#kubernetes/api.ts'
import type { ConfigMap, Namespace } from '#kubernetes/objects.ts'
import { deployment, readyPods, type TestCluster, testCluster } from './test-cluster.ts'

let cluster: TestCluster
afterEach(() => cluster.close())

const namespace = (name: string) =>
  ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }) as unknown as Namespace
const map = (name: string, owners: KubernetesObject[] = [], options: object = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name,
    namespace: 'default',
    ownerReferences: owners.map(({ apiVersion, kind, metadata }) => ({
      apiVersion,
      kind,
      name: metadata.name,
      uid: metadata.uid!,
      ...options,
    })),
  },
})
const make = (object: ConfigMap) => cluster.api.create('configmaps', object)
const get = (name: string) => cluster.api.get<ConfigMap>('configmaps', 'default', name)

describe('a namespace', () => {
  it('gets an account and the cluster authority, again when they are deleted', async () => {
    cluster = await testCluster()
    cluster.api.create('namespaces', namespace('shop'))
    await cluster.world.advance(0)
    expect(cluster.api.get('serviceaccounts', 'shop', 'default')).toBeDefined()
    cluster.api.delete('configmaps', 'shop', 'kube-root-ca.crt')
    await cluster.world.advance(0)
    expect(cluster.api.get<ConfigMap>('configmaps', 'shop', 'kube-root-ca.crt')!.data).toEqual({
      'ca.crt': expect.stringContaining('BEGIN CERTIFICATE'),
    })
  })

  it('is gone only when all that is in it is gone, and tells what is left', async () => {
    cluster = await testCluster()
    cluster.runtime.scripts.set('web', () => ({ signal: () => {} }))
    cluster.api.create('namespaces', namespace('shop'))
    await cluster.world.advance(0)
    const web = deployment('web', 2)
    web.metadata.namespace = 'shop'
    cluster.api.create('deployments.apps', web)
    await cluster.until(
      'running',
      () => cluster.pods('shop').filter(({ status }) => status.phase === 'Running').length === 2,
    )
    cluster.api.delete('namespaces', '', 'shop')
    await cluster.world.advance(2000)
    const going = cluster.api.get<Namespace>('namespaces', '', 'shop')!
    expect(going.status.phase).toBe('Terminating')
    expect(going.status.conditions).toContainEqual(
      expect.objectContaining({
        type: 'NamespaceContentRemaining',
        status: 'True',
        message: 'Some resources are remaining: pods. has 2 resource instances',
      }),
    )
    await cluster.until('gone', () => !cluster.api.get('namespaces', '', 'shop'))
    expect(cluster.pods('shop')).toEqual([])
  })
})

describe('the garbage collector', () => {
  it('deletes what has no owner left, and keeps what has another', async () => {
    cluster = await testCluster()
    const one = make(map('one'))
    const two = make(map('two'))
    make(map('child', [one]))
    make(map('shared', [one, two]))
    await cluster.world.advance(0)
    cluster.api.delete('configmaps', 'default', 'one')
    await cluster.world.advance(1000)
    expect(get('child')).toBeUndefined()
    expect(get('shared')!.metadata.ownerReferences!.map(({ name }) => name)).toEqual(['two'])
  })

  it('collects an object whose owner never existed', async () => {
    cluster = await testCluster()
    const ghost = { ...map('ghost'), metadata: { name: 'ghost', namespace: 'default', uid: 'no-such-uid' } }
    make(map('child', [ghost]))
    await cluster.world.advance(1000)
    expect(get('child')).toBeUndefined()
  })

  it('deletes dependents first in the foreground', async () => {
    cluster = await testCluster()
    cluster.api.create('deployments.apps', deployment('web', 2))
    await cluster.until('ready', () => readyPods(cluster).length === 2)
    let early = false
    cluster.world.store.watch(cluster.api.prefix('deployments.apps'), ({ type }) => {
      if (type === 'delete') early = cluster.pods().length > 0
    })
    cluster.api.delete('deployments.apps', 'default', 'web', { propagationPolicy: 'Foreground' })
    await cluster.until('gone', () => !cluster.api.get('deployments.apps', 'default', 'web'))
    expect(early).toBe(false)
    expect(cluster.pods()).toEqual([])
  })
})
