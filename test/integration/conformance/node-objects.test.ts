import { describe, expect, it } from 'vitest'
import { type Json, workbench } from './workbench.ts'
import { condition, web } from './workloads.ts'

// Each test is named by its Testname in Kubernetes' conformance list (test/conformance/testdata/conformance.yaml, up to 1.35, read 2026-11),
// and asks for what that entry's description demands.

const bench = workbench(2)
const base64 = (text: string) => Buffer.from(text).toString('base64')
const names = (objects: Json[]) => objects.map(({ metadata }) => metadata.name).sort()
const sleeping = (more: object = {}) => ({
  name: 'main',
  image: 'busybox:1.37',
  command: ['sleep', '1000000'],
  ...more,
})
const isReady = (pod: Json) => condition(pod, 'Ready')?.status === 'True'

/** Makes, patches, updates, lists everywhere and watches two objects, and deletes one alone and the other as a collection. */
async function operations(collection: string, everywhere: string, object: Json): Promise<void> {
  const labelled = '?labelSelector=round=operations'
  const watch = await bench.watch(`${everywhere}${labelled}`)
  for (const name of ['one', 'two'])
    await bench.post(collection, { ...object, metadata: { name, labels: { round: 'operations' } } })
  expect(names(await bench.items(`${everywhere}${labelled}`))).toEqual(['one', 'two'])
  const patched = await bench.patch(`${collection}/one`, { metadata: { annotations: { patched: 'true' } } })
  const updated = await bench.change(`${collection}/one`, ({ metadata }) => {
    metadata.annotations.updated = 'true'
  })
  expect(updated.metadata.annotations).toEqual({ patched: 'true', updated: 'true' })
  expect(Number(updated.metadata.resourceVersion)).toBeGreaterThan(Number(patched.metadata.resourceVersion))
  await bench.delete(`${collection}/one`)
  await bench.gone(`${collection}/one`)
  await bench.delete(`${collection}${labelled}`)
  await bench.until(`${collection}${labelled}`, ({ items }) => items.length === 0)
  await bench.advance(500)
  watch.close()
  expect([...new Set(watch.seen.map(({ type }) => type))]).toEqual(['ADDED', 'MODIFIED', 'DELETED'])
}

describe('objects', () => {
  it('PodTemplate lifecycle; replace; delete a collection (1.19, 1.24)', async () => {
    const space = await bench.namespace()
    await operations(`${space.core}/podtemplates`, '/api/v1/podtemplates', {
      template: { metadata: { labels: { a: 'b' } }, spec: web() },
    })
  })

  it('lease API should be available (1.17)', async () => {
    const space = await bench.namespace()
    const collection = `${space.in('coordination.k8s.io/v1')}/leases`
    const spec = {
      holderIdentity: 'holder',
      leaseDurationSeconds: 30,
      acquireTime: '2026-11-01T00:00:00.000000Z',
      renewTime: '2026-11-01T00:00:05.000000Z',
      leaseTransitions: 0,
    }
    const made = await bench.post(collection, { metadata: { name: 'held' }, spec })
    expect(made.spec).toEqual(spec)
    await bench.change(`${collection}/held`, (lease) => {
      lease.spec = { ...spec, holderIdentity: 'other', leaseTransitions: 1 }
    })
    const patched = await bench.patch(`${collection}/held`, { spec: { leaseDurationSeconds: 60 } })
    expect(patched.spec).toEqual({
      ...spec,
      holderIdentity: 'other',
      leaseTransitions: 1,
      leaseDurationSeconds: 60,
    })
    await operations(collection, '/apis/coordination.k8s.io/v1/leases', { spec })
    expect(names(await bench.items(collection))).toEqual(['held'])
    await bench.delete(`${collection}/held`)
    expect((await bench.ask('GET', `${collection}/held`)).status).toBe(404)
  })

  it('ConfigMap lifecycle; ConfigMap Update; Secret patching (1.18, 1.19, 1.32)', async () => {
    const space = await bench.namespace()
    await operations(`${space.core}/configmaps`, '/api/v1/configmaps', { data: { key: 'value' } })
    await operations(`${space.core}/secrets`, '/api/v1/secrets', { data: { key: base64('value') } })
    await bench.post(`${space.core}/secrets`, {
      metadata: { name: 'patched' },
      data: { key: base64('value') },
      type: 'Opaque',
    })
    await bench.patch(`${space.core}/secrets/patched`, { data: { key: base64('value1') } }, 'strategic')
    expect(
      Buffer.from((await bench.get(`${space.core}/secrets/patched`)).data.key, 'base64').toString(),
    ).toBe('value1')
  })

  it('ConfigMap, with empty-key; Secrets, with empty-key (1.14, 1.15)', async () => {
    const space = await bench.namespace()
    for (const kind of ['configmaps', 'secrets']) {
      const refused = await bench.ask('POST', `${space.core}/${kind}`, {
        metadata: { name: 'empty' },
        data: { '': base64('value') },
      })
      expect(refused.status).toBe(422)
      expect(refused.body.message).toMatch(
        /data\[\]: Invalid value: "": a valid config key must consist of alphanumeric characters/,
      )
    }
  })

  it('RuntimeClass API (1.20)', () =>
    operations('/apis/node.k8s.io/v1/runtimeclasses', '/apis/node.k8s.io/v1/runtimeclasses', {
      handler: 'handler',
    }))

  it('CRUD operations for deviceclasses, resourceclaims, resourceclaimtemplates, resourceslices (1.35)', async () => {
    const space = await bench.namespace()
    const group = 'resource.k8s.io/v1'
    const claim = { devices: { requests: [{ name: 'device', exactly: { deviceClassName: 'some-class' } }] } }
    await operations(`/apis/${group}/deviceclasses`, `/apis/${group}/deviceclasses`, { spec: {} })
    await operations(`${space.in(group)}/resourceclaims`, `/apis/${group}/resourceclaims`, { spec: claim })
    await operations(`${space.in(group)}/resourceclaimtemplates`, `/apis/${group}/resourceclaimtemplates`, {
      spec: { spec: claim },
    })
    await operations(`/apis/${group}/resourceslices`, `/apis/${group}/resourceslices`, {
      spec: {
        driver: 'driver.example.com',
        nodeName: 'node-1',
        pool: { name: 'pool', generation: 1, resourceSliceCount: 1 },
        devices: [{ name: 'device' }],
      },
    })
  })

  it('Node, resource lifecycle (1.32)', async () => {
    await bench.post('/api/v1/nodes', { metadata: { name: 'made-up', labels: { round: 'node' } } })
    const patched = await bench.patch(
      '/api/v1/nodes/made-up',
      { metadata: { labels: { patched: 'yes' } } },
      'strategic',
    )
    expect(patched.metadata.labels).toMatchObject({ patched: 'yes' })
    expect(await bench.items('/api/v1/nodes?labelSelector=patched=yes')).toHaveLength(1)
    const updated = await bench.change('/api/v1/nodes/made-up', ({ metadata }) => {
      metadata.labels.updated = 'yes'
    })
    expect(updated.metadata.labels).toMatchObject({ updated: 'yes' })
    await bench.delete('/api/v1/nodes/made-up')
    await bench.gone('/api/v1/nodes/made-up')
  })

  it('Conformance tests minimum number of nodes (1.23)', async () => {
    const nodes = await bench.items('/api/v1/nodes')
    expect(nodes.filter(({ spec }) => !spec.taints && !spec.unschedulable).length).toBeGreaterThanOrEqual(2)
  })
})

describe('events', () => {
  it('Event, manage lifecycle of an Event; delete a collection (1.20, 1.25)', async () => {
    const space = await bench.namespace()
    const involvedObject = { namespace: space.name }
    await operations(`${space.core}/events`, '/api/v1/events', {
      involvedObject,
      message: 'This is a test event',
      reason: 'Test',
      type: 'Normal',
    })
    await bench.post(`${space.core}/events`, {
      metadata: { name: 'told' },
      involvedObject,
      message: 'before',
      reason: 'Test',
      type: 'Normal',
    })
    expect((await bench.patch(`${space.core}/events/told`, { message: 'after' })).message).toBe('after')
    const series = { count: 100, lastObservedTime: '2026-11-29T12:00:00.000000Z' }
    await bench.change(`${space.core}/events/told`, (event) => {
      event.series = series
    })
    expect((await bench.get(`${space.core}/events/told`)).series).toEqual(series)
  })

  it('New Event resource lifecycle, testing a single event; testing a list of events (1.19)', async () => {
    const space = await bench.namespace()
    const events = `${space.in('events.k8s.io/v1')}/events`
    const event = {
      regarding: { namespace: space.name },
      note: 'note 1',
      reason: 'Test',
      type: 'Normal',
      eventTime: '2026-11-29T12:00:00.000000Z',
      reportingController: 'test-controller',
      reportingInstance: 'test-node',
      action: 'Do',
    }
    await operations(events, '/apis/events.k8s.io/v1/events', event)
    await bench.post(events, { ...event, metadata: { name: 'told' } })
    expect((await bench.patch(`${events}/told`, { note: 'note 2' }, 'strategic')).note).toBe('note 2')
    // The same event under its older name.
    expect((await bench.get(`${space.core}/events/told`)).message).toBe('note 2')
    const series = { count: 100, lastObservedTime: '2026-11-29T12:00:00.000000Z' }
    await bench.change(`${events}/told`, (object) => {
      object.series = series
    })
    expect((await bench.get(`${events}/told`)).series).toEqual(series)
  })
})

describe('runtime classes and what the kubelet takes', () => {
  it('Pod with the non-existing RuntimeClass is rejected; with the deleted RuntimeClass; Overhead; Can schedule a pod (1.20, 1.24)', async () => {
    const space = await bench.namespace()
    const asks = (name: string, runtimeClassName: string) => ({
      metadata: { name },
      spec: { ...web(), runtimeClassName },
    })
    const refused = await bench.ask('POST', `${space.core}/pods`, asks('none', 'nonexistent'))
    expect(refused.body).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message: 'pods "none" is forbidden: pod rejected: RuntimeClass "nonexistent" not found',
    })
    const classes = '/apis/node.k8s.io/v1/runtimeclasses'
    await bench.post(classes, { metadata: { name: 'plain' }, handler: 'runc' })
    await bench.post(classes, {
      metadata: { name: 'heavy' },
      handler: 'runc',
      overhead: { podFixed: { cpu: '10m', memory: '1Mi' } },
    })
    await bench.post(`${space.core}/pods`, asks('plain', 'plain'))
    await bench.post(`${space.core}/pods`, asks('heavy', 'heavy'))
    for (const name of ['plain', 'heavy'])
      await bench.until(
        `${space.core}/pods/${name}`,
        (pod) => condition(pod, 'PodScheduled')?.status === 'True' || pod.spec.nodeName,
      )
    expect((await bench.get(`${space.core}/pods/heavy`)).spec.overhead).toEqual({ cpu: '10m', memory: '1Mi' })
    await bench.delete(`${classes}/plain`)
    expect((await bench.ask('POST', `${space.core}/pods`, asks('late', 'plain'))).status).toBe(403)
  })

  it('Sysctl, test sysctls (1.21)', async () => {
    const space = await bench.namespace()
    await bench.post(`${space.core}/pods`, {
      metadata: { name: 'set' },
      spec: {
        securityContext: { sysctls: [{ name: 'kernel.shm_rmid_forced', value: '1' }] },
        restartPolicy: 'Never',
        containers: [
          { name: 'main', image: 'busybox:1.37', command: ['/bin/sysctl', 'kernel.shm_rmid_forced'] },
        ],
      },
    })
    await bench.until(`${space.core}/pods/set`, (pod) => pod.status.phase === 'Succeeded')
    const { body } = await bench.ask('GET', `${space.core}/pods/set/log`)
    expect(body).toBe('kernel.shm_rmid_forced = 1\n')
  })

  it('Sysctls, reject invalid sysctls (1.21)', async () => {
    const space = await bench.namespace()
    const sysctls = ['foo-', 'kernel.shmmax', 'safe-and-unsafe', 'bar..'].map((name) => ({
      name,
      value: '1',
    }))
    const refused = await bench.ask('POST', `${space.core}/pods`, {
      metadata: { name: 'invalid' },
      spec: { ...web(), securityContext: { sysctls } },
    })
    expect(refused.status).toBe(422)
    expect(refused.body.details.causes.map(({ field }: Json) => field)).toEqual([
      'spec.securityContext.sysctls[0].name',
      'spec.securityContext.sysctls[3].name',
    ])
  })

  // Beside the list: what the kubelet itself refuses. Source: pkg/kubelet/lifecycle/predicate.go, pkg/kubelet/sysctl.
  it('a pod that its node cannot have has failed, with the reason', async () => {
    const space = await bench.namespace()
    const cases = {
      cpu: { nodeName: 'node-1', containers: [sleeping({ resources: { requests: { cpu: '5' } } })] },
      selector: { nodeName: 'node-1', nodeSelector: { colour: 'blue' }, containers: [sleeping()] },
      sysctl: {
        securityContext: { sysctls: [{ name: 'kernel.shmmax', value: '1' }] },
        containers: [sleeping()],
      },
    }
    for (const [name, spec] of Object.entries(cases))
      await bench.post(`${space.core}/pods`, { metadata: { name }, spec })
    const said = await Promise.all(
      Object.keys(cases).map(async (name) => {
        const { status } = await bench.until(
          `${space.core}/pods/${name}`,
          ({ status }) => status.phase === 'Failed',
        )
        return `${status.reason}: ${status.message}`
      }),
    )
    expect(said[0]).toMatch(
      /^OutOfcpu: Pod was rejected: Node didn't have enough resource: cpu, requested: 5000, used: \d+, capacity: 4000$/,
    )
    expect(said.slice(1)).toEqual([
      "NodeAffinity: Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
      'SysctlForbidden: Pod was rejected: forbidden sysctl: "kernel.shmmax" not allowlisted',
    ])
  })
})

describe('NoExecute taints', () => {
  const taint = (taints: object[] | null) => bench.patch('/api/v1/nodes/node-2', { spec: { taints } })
  const tolerant = (name: string, tolerationSeconds?: number) => ({
    metadata: { name },
    spec: {
      nodeName: 'node-2',
      terminationGracePeriodSeconds: 0,
      containers: [sleeping()],
      ...(tolerationSeconds !== undefined && {
        tolerations: [
          { key: 'evict', operator: 'Equal', value: 'now', effect: 'NoExecute', tolerationSeconds },
        ],
      }),
    },
  })

  it('Taint, Pod Eviction on taint removal; Pod Eviction, Toleration limits (1.16)', async () => {
    const space = await bench.namespace()
    for (const [name, seconds] of [
      ['short', 5],
      ['long', 600],
    ] as const)
      await bench.post(`${space.core}/pods`, tolerant(name, seconds))
    await bench.until(`${space.core}/pods`, ({ items }) => items.every(isReady))
    await taint([{ key: 'evict', value: 'now', effect: 'NoExecute' }])
    const evicted = await bench.watch(`${space.core}/pods?fieldSelector=metadata.name=short`)
    await bench.gone(`${space.core}/pods/short`, 30_000)
    await bench.advance(500)
    evicted.close()
    expect(
      evicted.seen.some(
        ({ object }) => condition(object, 'DisruptionTarget')?.reason === 'DeletionByTaintManager',
      ),
    ).toBe(true)
    await taint(null)
    await bench.advance(700_000)
    expect(names(await bench.items(`${space.core}/pods`))).toEqual(['long'])
  })
})

describe('In-place Pod Resize', () => {
  const resources = (cpu: number, memory: number, limit = 1) => ({
    requests: { cpu: `${cpu}m`, memory: `${memory}Mi` },
    limits: { cpu: `${cpu * limit}m`, memory: `${memory * limit}Mi` },
  })
  const containers = (sizes: [number, number][], limit?: number) =>
    sizes.map(([cpu, memory], index) =>
      sleeping({ name: `c${index + 1}`, resources: resources(cpu, memory, limit) }),
    )
  const given = (pod: Json) => pod.status.containerStatuses.map(({ resources }: Json) => resources)
  const settled = (wanted: Json[]) => (pod: Json) =>
    JSON.stringify(given(pod)) === JSON.stringify(wanted.map(({ resources }) => resources)) &&
    pod.status.observedGeneration === pod.metadata.generation &&
    !condition(pod, 'PodResizeInProgress') &&
    !condition(pod, 'PodResizePending')

  it('In-place Pod Resize, guaranteed pods with multiple containers, net increase; net decrease; various operations; burstable pod resized with equivalents (1.35)', async () => {
    const space = await bench.namespace()
    const path = `${space.core}/pods/resized`
    const sizes: [number, number][] = [
      [20, 30],
      [20, 30],
      [20, 30],
    ]
    await bench.post(`${space.core}/pods`, {
      metadata: { name: 'resized' },
      spec: { terminationGracePeriodSeconds: 1, containers: containers(sizes) },
    })
    const before = await bench.until(path, isReady)
    expect(before.status.qosClass).toBe('Guaranteed')
    for (const next of [
      [
        [25, 35],
        [25, 35],
        [15, 25],
      ],
      [
        [28, 38],
        [15, 25],
        [12, 22],
      ],
      [
        [30, 30],
        [15, 35],
        [30, 40],
      ],
      sizes,
    ] as [number, number][][]) {
      const wanted = containers(next)
      const patch = { spec: { containers: wanted.map(({ name, resources }: Json) => ({ name, resources })) } }
      await bench.patch(`${path}/resize`, patch, 'strategic')
      const pod = await bench.until(path, settled(wanted))
      expect(pod.status.containerStatuses.map(({ restartCount }: Json) => restartCount)).toEqual([0, 0, 0])
    }
  })

  it('In-place Pod Resize, read and replace endpoints; burstable pod with multiple containers and various operations (1.35)', async () => {
    const space = await bench.namespace()
    const path = `${space.core}/pods/replaced`
    const bare = [
      sleeping({ name: 'c1', resources: { requests: { cpu: '20m' } } }),
      sleeping({ name: 'c2', resources: { requests: { memory: '30Mi' } } }),
      ...containers([[20, 30]], 2).map((one: Json) => ({ ...one, name: 'c3' })),
    ]
    await bench.post(`${space.core}/pods`, {
      metadata: { name: 'replaced' },
      spec: { terminationGracePeriodSeconds: 1, containers: bare },
    })
    await bench.until(path, isReady)
    const wanted = [
      { resources: { requests: { cpu: '30m', memory: '10Mi' }, limits: { cpu: '60m' } } },
      { resources: { requests: { memory: '40Mi' } } },
      { resources: resources(25, 40, 2) },
    ]
    await bench.change(`${path}/resize`, ({ spec }) => {
      for (const [index, { resources }] of wanted.entries()) spec.containers[index].resources = resources
    })
    await bench.until(
      path,
      (pod) =>
        JSON.stringify(sorted(given(pod))) ===
        JSON.stringify(sorted(wanted.map(({ resources }) => resources))),
    )
    expect(await bench.get(`${path}/resize`)).toEqual(await bench.get(path))
  })
})

/** With the members of all objects in order. */
const sorted = (value: Json): Json =>
  Array.isArray(value)
    ? value.map(sorted)
    : value && typeof value === 'object'
      ? Object.fromEntries(
          Object.keys(value)
            .sort()
            .map((key) => [key, sorted(value[key])]),
        )
      : value
