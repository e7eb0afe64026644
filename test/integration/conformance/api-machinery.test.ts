import { beforeAll, describe, expect, it } from 'vitest'
import { allOperations } from './operations.ts'
import { type Json, workbench } from './workbench.ts'

// Conformance of sig-api-machinery: what objects, lists, watches, quotas, owners and namespaces do. Each `it` is named after the testname of
// test/conformance/testdata/conformance.yaml (kubernetes/kubernetes, 1.35), which says what is asked; how it is asked is our own.

const bench = workbench(2)
beforeAll(async () => {
  await bench.until('/api/v1/nodes/node-1', isReady)
  await bench.until('/api/v1/nodes/node-2', isReady)
})

const isReady = (object: Json) =>
  object?.status?.conditions?.some(({ type, status }: Json) => type === 'Ready' && status === 'True')

let count = 0
async function namespace(labels = {}): Promise<string> {
  const name = `walk-${++count}`
  await bench.post('/api/v1/namespaces', { metadata: { name, labels } })
  return name
}
const core = (namespace: string, plural: string) => `/api/v1/namespaces/${namespace}/${plural}`
const apps = (namespace: string, plural: string) => `/apis/apps/v1/namespaces/${namespace}/${plural}`
const pause = { name: 'main', image: 'registry.k8s.io/pause:3.10' }
const podOf = (spec: object = {}) => ({
  spec: { terminationGracePeriodSeconds: 0, containers: [pause], ...spec },
})
const templated = (replicas: number, extra: object = {}) => ({
  replicas,
  template: { metadata: { labels: { app: 'walk' } }, ...podOf() },
  ...extra,
})

describe('API priority and fairness', () => {
  const base = '/apis/flowcontrol.apiserver.k8s.io/v1'
  it('Priority and Fairness FlowSchema API', () =>
    allOperations(bench, {
      base,
      plural: 'flowschemas',
      object: {
        spec: {
          matchingPrecedence: 10000,
          priorityLevelConfiguration: { name: 'global-default' },
          rules: [
            {
              subjects: [{ kind: 'User', user: { name: 'example-e2e-non-existent-user' } }],
              nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
            },
          ],
        },
      },
      status: () => ({
        conditions: [
          {
            type: 'Walked',
            status: 'False',
            reason: 'Test',
            message: 'set',
            lastTransitionTime: '2026-11-01T00:00:00Z',
          },
        ],
      }),
    }))
  it('Priority and Fairness PriorityLevelConfiguration API', () =>
    allOperations(bench, {
      base,
      plural: 'prioritylevelconfigurations',
      object: {
        spec: {
          type: 'Limited',
          limited: { nominalConcurrencyShares: 2, limitResponse: { type: 'Reject' } },
        },
      },
      status: () => ({
        conditions: [
          {
            type: 'Walked',
            status: 'False',
            reason: 'Test',
            message: 'set',
            lastTransitionTime: '2026-11-01T00:00:00Z',
          },
        ],
      }),
    }))
})

describe('lists', () => {
  let templates: string
  beforeAll(async () => {
    templates = core(await namespace(), 'podtemplates')
    const names = Array.from({ length: 40 }, (_, index) => `template-${String(index).padStart(4, '0')}`)
    await Promise.all(names.map((name) => bench.post(templates, { metadata: { name }, template: podOf() })))
  })

  it('API Chunking, server should return chunks of results for list calls', async () => {
    const names: string[] = []
    let next = ''
    let version: string | undefined
    do {
      const page = await bench.get(`${templates}?limit=17${next && `&continue=${next}`}`)
      expect(page.items.length).toBeLessThanOrEqual(17)
      version ??= page.metadata.resourceVersion
      expect(page.metadata.resourceVersion).toBe(version)
      names.push(...page.items.map(({ metadata }: Json) => metadata.name))
      next = encodeURIComponent(page.metadata.continue ?? '')
      expect(page.metadata.remainingItemCount ?? 0).toBe(40 - names.length)
    } while (next)
    expect(names).toEqual([...new Set(names)].sort())
    expect((await bench.get(templates)).items).toHaveLength(40)
  })

  it('API Chunking, server should support continue listing from the last key even if the original version has been compacted away', async () => {
    const first = await bench.get(`${templates}?limit=17`)
    await bench.post(templates, { metadata: { name: 'template-0000-later' }, template: podOf() })
    await bench.cluster.world.advance(11 * 60_000)
    const token = encodeURIComponent(first.metadata.continue)
    const expired = await bench.ask('GET', `${templates}?limit=17&continue=${token}`)
    expect(expired).toMatchObject({ status: 410, body: { reason: 'Expired' } })
    const { continue: inconsistent } = expired.body.metadata
    expect(inconsistent).toBeTruthy()
    const second = await bench.get(`${templates}?limit=17&continue=${encodeURIComponent(inconsistent)}`)
    expect(second.items[0].metadata.name).toBe('template-0017')
    expect(second.metadata.remainingItemCount).toBe(6)
    expect(second.metadata.resourceVersion).not.toBe(first.metadata.resourceVersion)
    const third = await bench.get(
      `${templates}?limit=17&continue=${encodeURIComponent(second.metadata.continue)}`,
    )
    expect(third.items).toHaveLength(6)
    expect(third.metadata.resourceVersion).toBe(second.metadata.resourceVersion)
    expect(third.metadata.remainingItemCount).toBeUndefined()
  })

  it('API metadata HTTP return', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
    const review = await bench.cluster.request(
      'POST',
      '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      { spec: { resourceAttributes: { namespace: 'default', verb: 'create', resource: 'pods' } } },
      { accept },
    )
    review.resume()
    expect(review.statusCode).toBe(406)
  })
})

describe('watches of ConfigMaps', () => {
  let maps: string
  beforeAll(async () => {
    maps = core(await namespace(), 'configmaps')
  })
  const labelled = (name: string, label: string, data = {}) => ({
    metadata: { name, labels: { watch: label } },
    data,
  })
  const select = (label: string) => `${maps}?labelSelector=watch%3D${label}`

  it('watch-configmaps-with-multiple-watchers', async () => {
    const [a, b, both] = await Promise.all([
      bench.watch(`${select('a')}`),
      bench.watch(`${select('b')}`),
      bench.watch(`${maps}?labelSelector=watch+in+(a,b)`),
    ])
    await bench.post(maps, labelled('a', 'a'))
    await bench.patch(`${maps}/a`, { data: { mutation: '1' } })
    await bench.patch(`${maps}/a`, { data: { mutation: '2' } })
    await bench.delete(`${maps}/a`)
    await bench.post(maps, labelled('b', 'b'))
    await bench.delete(`${maps}/b`)
    const ended = ({ type, object }: Json) => type === 'DELETED' && object.metadata.name === 'b'
    await Promise.all([a.next(({ type }) => type === 'DELETED'), b.next(ended), both.next(ended)])
    const types = (watch: typeof a) => watch.seen.map(({ type, object }) => `${object.metadata.name} ${type}`)
    const ofA = ['a ADDED', 'a MODIFIED', 'a MODIFIED', 'a DELETED']
    expect(types(a)).toEqual(ofA)
    expect(types(b)).toEqual(['b ADDED', 'b DELETED'])
    expect(types(both)).toEqual([...ofA, 'b ADDED', 'b DELETED'])
    for (const watch of [a, b, both]) watch.close()
  })

  it('watch-configmaps-from-resource-version', async () => {
    const made = await bench.post(maps, labelled('from', 'from'))
    const first = await bench.patch(`${maps}/from`, { data: { mutation: '1' } })
    const second = await bench.patch(`${maps}/from`, { data: { mutation: '2' } })
    await bench.delete(`${maps}/from`)
    const watch = await bench.watch(`${select('from')}&resourceVersion=${first.metadata.resourceVersion}`)
    await watch.next(({ type }) => type === 'DELETED')
    watch.close()
    expect(watch.seen.map(({ type }) => type)).toEqual(['MODIFIED', 'DELETED'])
    expect(watch.seen[0]!.object).toMatchObject({
      data: { mutation: '2' },
      metadata: { uid: made.metadata.uid },
    })
    expect(watch.seen[0]!.object.metadata.resourceVersion).toBe(second.metadata.resourceVersion)
  })

  it('watch-configmaps-closed-and-restarted', async () => {
    const before = await bench.watch(select('again'))
    await bench.post(maps, labelled('again', 'again'))
    await bench.patch(`${maps}/again`, { data: { mutation: '1' } })
    const last = await before.next(({ type }) => type === 'MODIFIED')
    before.close()
    await bench.patch(`${maps}/again`, { data: { mutation: '2' } })
    await bench.delete(`${maps}/again`)
    const after = await bench.watch(
      `${select('again')}&resourceVersion=${last.object.metadata.resourceVersion}`,
    )
    await after.next(({ type }) => type === 'DELETED')
    after.close()
    expect(after.seen.map(({ type, object }) => [type, object.data.mutation])).toEqual([
      ['MODIFIED', '2'],
      ['DELETED', '2'],
    ])
  })

  it('watch-configmaps-label-changed', async () => {
    const watch = await bench.watch(select('kept'))
    await bench.post(maps, labelled('changing', 'kept'))
    await bench.patch(`${maps}/changing`, { metadata: { labels: { watch: 'other' } } })
    await bench.patch(`${maps}/changing`, { data: { mutation: 'unseen' } })
    await bench.patch(`${maps}/changing`, { metadata: { labels: { watch: 'kept' } } })
    await bench.patch(`${maps}/changing`, { data: { mutation: 'seen' } })
    await bench.delete(`${maps}/changing`)
    await watch.next(({ object }) => object.data?.mutation === 'seen')
    await watch.next()
    watch.close()
    expect(watch.seen.map(({ type }) => type)).toEqual(['ADDED', 'DELETED', 'ADDED', 'MODIFIED', 'DELETED'])
    expect(watch.seen[2]!.object.data.mutation).toBe('unseen')
  })

  it('watch-consistency', async () => {
    const { metadata } = await bench.get(maps)
    const first = await bench.watch(`${maps}?resourceVersion=${metadata.resourceVersion}`)
    const writes = Promise.all(
      Array.from({ length: 5 }, async (_, index) => {
        const path = `${maps}/many-${index}`
        await bench.post(maps, labelled(`many-${index}`, 'many'))
        for (let round = 0; round < 5; round++) await bench.patch(path, { data: { round: String(round) } })
        await bench.delete(path)
      }),
    )
    for (let event = 0; event < 35; event++) await first.next()
    await writes
    const versions = first.seen.map(({ object }) => object.metadata.resourceVersion)
    expect(versions).toEqual([...versions].sort((a, b) => Number(a) - Number(b)))
    for (const start of [0, 9, 27]) {
      const later = await bench.watch(`${maps}?resourceVersion=${versions[start]}`)
      for (let event = start + 1; event < 35; event++) await later.next()
      expect(later.seen.map(({ object }) => object.metadata.resourceVersion)).toEqual(
        versions.slice(start + 1),
      )
      later.close()
    }
    first.close()
  })
})

it('Confirm a server version', async () => {
  const { major, minor } = await bench.get('/version')
  expect(major).toMatch(/^\d+$/)
  // EKS's minor version ends in a plus sign, which upstream's test takes off before it looks.
  expect(minor).toMatch(/^\d+\+?$/)
})

describe('the garbage collector', () => {
  const collection = async (kind: 'rc' | 'deployment', replicas: number, policy: object) => {
    const space = await namespace()
    const made = kind === 'rc' ? core(space, 'replicationcontrollers') : apps(space, 'deployments')
    const selector = kind === 'rc' ? { app: 'walk' } : { matchLabels: { app: 'walk' } }
    await bench.post(made, { metadata: { name: 'owner' }, spec: templated(replicas, { selector }) })
    const pods = core(space, 'pods')
    const all = async () => (await bench.get(pods)).items as Json[]
    await bench.until(`${made}/owner`, ({ status }) => status?.replicas === replicas)
    await bench.delete(`${made}/owner`, policy)
    return { space, made, pods, all }
  }
  const settled = () => bench.cluster.world.advance(60_000)

  it('Garbage Collector, delete deployment,  propagation policy background', async () => {
    const { space, made, all } = await collection('deployment', 2, { propagationPolicy: 'Background' })
    await settled()
    await bench.refused('GET', `${made}/owner`)
    expect((await bench.get(apps(space, 'replicasets'))).items).toEqual([])
    expect(await all()).toEqual([])
  })

  it('Garbage Collector, delete deployment, propagation policy orphan', async () => {
    const { space, made, all } = await collection('deployment', 2, { propagationPolicy: 'Orphan' })
    await settled()
    await bench.refused('GET', `${made}/owner`)
    const [set] = (await bench.get(apps(space, 'replicasets'))).items
    expect(set.metadata.ownerReferences).toBeUndefined()
    expect(await all()).toHaveLength(2)
  })

  it('Garbage Collector, delete replication controller, propagation policy background', async () => {
    const { all } = await collection('rc', 2, { propagationPolicy: 'Background' })
    await settled()
    expect(await all()).toEqual([])
  })

  it('Garbage Collector, delete replication controller, propagation policy orphan', async () => {
    const { made, all } = await collection('rc', 10, { propagationPolicy: 'Orphan' })
    await settled()
    await bench.refused('GET', `${made}/owner`)
    const pods = await all()
    expect(pods).toHaveLength(10)
    expect(pods.every(({ metadata }) => !metadata.ownerReferences && !metadata.deletionTimestamp)).toBe(true)
  })

  it('Garbage Collector, delete replication controller, after owned pods', async () => {
    const space = await namespace()
    const owner = `${core(space, 'replicationcontrollers')}/owner`
    await bench.post(core(space, 'replicationcontrollers'), {
      metadata: { name: 'owner' },
      spec: templated(10, { selector: { app: 'walk' } }),
    })
    await bench.until(owner, ({ status }) => status?.replicas === 10)
    const watch = await bench.watch(
      `${core(space, 'replicationcontrollers')}?fieldSelector=metadata.name%3Downer`,
    )
    await watch.next()
    await bench.delete(owner, { propagationPolicy: 'Foreground' })
    await watch.next(({ object }) => object.metadata.deletionTimestamp)
    expect(watch.seen.at(-1)!.object.metadata.finalizers).toContain('foregroundDeletion')
    await watch.next(({ type }) => type === 'DELETED')
    watch.close()
    expect((await bench.get(core(space, 'pods'))).items).toEqual([])
  })

  it('Garbage Collector, multiple owners', async () => {
    const space = await namespace()
    const owners = core(space, 'replicationcontrollers')
    await bench.post(owners, {
      metadata: { name: 'goes' },
      spec: templated(10, { selector: { app: 'walk' } }),
    })
    const stays = await bench.post(owners, {
      metadata: { name: 'stays' },
      spec: {
        ...templated(0, { selector: { app: 'other' } }),
        template: { metadata: { labels: { app: 'other' } }, ...podOf() },
      },
    })
    await bench.until(`${owners}/goes`, ({ status }) => status?.replicas === 10)
    const pods = (await bench.get(core(space, 'pods'))).items
    const shared = pods.slice(0, 5).map(({ metadata }: Json) => metadata.name)
    for (const name of shared)
      await bench.patch(
        `${core(space, 'pods')}/${name}`,
        [
          {
            op: 'add',
            path: '/metadata/ownerReferences/-',
            value: {
              apiVersion: 'v1',
              kind: 'ReplicationController',
              name: 'stays',
              uid: stays.metadata.uid,
            },
          },
        ],
        'json',
      )
    await bench.delete(`${owners}/goes`, { propagationPolicy: 'Foreground' })
    await settled()
    await bench.refused('GET', `${owners}/goes`)
    const left = (await bench.get(core(space, 'pods'))).items
    expect(left.map(({ metadata }: Json) => metadata.name).sort()).toEqual(shared.sort())
    for (const { metadata } of left) {
      expect(metadata.deletionTimestamp).toBeUndefined()
      expect(metadata.ownerReferences.map(({ name }: Json) => name)).toEqual(['stays'])
    }
  })

  it('Garbage Collector, dependency cycle', async () => {
    const pods = core(await namespace(), 'pods')
    const made = await Promise.all(
      ['one', 'two', 'three'].map((name) => bench.post(pods, { metadata: { name }, ...podOf() })),
    )
    for (const [index, { metadata }] of made.entries()) {
      const { name, uid } = made[(index + 2) % 3].metadata
      const ownerReferences = [
        { apiVersion: 'v1', kind: 'Pod', name, uid, controller: true, blockOwnerDeletion: true },
      ]
      await bench.patch(`${pods}/${metadata.name}`, { metadata: { ownerReferences } })
    }
    await bench.delete(`${pods}/one`, { propagationPolicy: 'Foreground' })
    await settled()
    expect((await bench.get(pods)).items).toEqual([])
  })
})

describe('Namespaces', () => {
  const spaces = '/api/v1/namespaces'

  it('Namespace patching', async () => {
    const name = await namespace()
    const patched = await bench.patch(
      `${spaces}/${name}`,
      { metadata: { labels: { testLabel: 'testValue' } } },
      'strategic',
    )
    expect(patched.metadata.labels).toMatchObject({
      testLabel: 'testValue',
      'kubernetes.io/metadata.name': name,
    })
  })

  it('Namespace, apply update to a namespace', async () => {
    const name = await namespace()
    const space = await bench.get(`${spaces}/${name}`)
    space.metadata.labels[name] = 'updated'
    expect((await bench.put(`${spaces}/${name}`, space)).metadata.labels[name]).toBe('updated')
  })

  it('Namespace, apply changes to a namespace status', async () => {
    const path = `${spaces}/${await namespace()}/status`
    const space = await bench.get(path)
    expect(space.status.phase).toBe('Active')
    const condition = (type: string) => ({ type, status: 'True', reason: 'E2E', message: 'set by a test' })
    const patched = await bench.patch(path, {
      metadata: { annotations: { patched: 'true' } },
      status: { conditions: [condition('StatusPatch')] },
    })
    expect(patched.metadata.annotations.patched).toBe('true')
    expect(patched.status).toMatchObject({ phase: 'Active', conditions: [condition('StatusPatch')] })
    patched.status.conditions.push(condition('StatusUpdate'))
    expect((await bench.put(path, patched)).status.conditions.map(({ type }: Json) => type)).toEqual([
      'StatusPatch',
      'StatusUpdate',
    ])
  })

  it('Namespace, apply finalizer to a namespace', async () => {
    const name = await namespace()
    const space = await bench.get(`${spaces}/${name}`)
    space.spec.finalizers.push('example.com/fake')
    const held = await bench.put(`${spaces}/${name}/finalize`, space)
    expect(held.spec.finalizers).toEqual(['kubernetes', 'example.com/fake'])
    held.spec.finalizers.pop()
    expect((await bench.put(`${spaces}/${name}/finalize`, held)).spec.finalizers).toEqual(['kubernetes'])
  })

  it('namespace-deletion-removes-pods', async () => {
    const name = await namespace()
    await bench.post(core(name, 'pods'), { metadata: { name: 'inside' }, ...podOf() })
    await bench.until(`${core(name, 'pods')}/inside`, isReady)
    await bench.delete(`${spaces}/${name}`)
    await bench.until(`${spaces}/${name}`, (space) => !space)
    await bench.post(spaces, { metadata: { name } })
    expect((await bench.get(core(name, 'pods'))).items).toEqual([])
  })

  it('namespace-deletion-removes-services', async () => {
    const name = await namespace()
    await bench.post(core(name, 'services'), {
      metadata: { name: 'inside' },
      spec: { ports: [{ port: 80 }], selector: { a: 'b' } },
    })
    await bench.delete(`${spaces}/${name}`)
    await bench.until(`${spaces}/${name}`, (space) => !space)
    await bench.post(spaces, { metadata: { name } })
    expect((await bench.get(core(name, 'services'))).items).toEqual([])
  })

  it('Ordered Namespace Deletion', async () => {
    const name = await namespace()
    const pod = `${core(name, 'pods')}/held`
    await bench.post(core(name, 'pods'), {
      metadata: { name: 'held', finalizers: ['example.com/held'] },
      ...podOf(),
    })
    await bench.post(core(name, 'configmaps'), { metadata: { name: 'later' } })
    await bench.delete(`${spaces}/${name}`)
    const held = await bench.until(`${spaces}/${name}`, ({ status }) =>
      status.conditions?.some(
        ({ type, status }: Json) => type === 'NamespaceFinalizersRemaining' && status === 'True',
      ),
    )
    expect(held.status.phase).toBe('Terminating')
    expect((await bench.get(pod)).metadata.deletionTimestamp).toBeTruthy()
    expect((await bench.get(`${core(name, 'configmaps')}/later`)).metadata.deletionTimestamp).toBeUndefined()
    await bench.patch(pod, { metadata: { finalizers: null } })
    await bench.until(`${spaces}/${name}`, (space) => !space)
  })
})
