import { beforeAll, describe, expect, it } from 'vitest'
import { type Json, workbench } from './workbench.ts'

// Conformance of sig-scheduling. Each `it` is named after the testname of test/conformance/testdata/conformance.yaml (kubernetes/kubernetes, 1.35).

const bench = workbench(2)
beforeAll(async () => {
  for (const node of ['node-1', 'node-2'])
    await bench.until(`/api/v1/nodes/${node}`, ({ status }) =>
      status.conditions?.some(({ type, status }: Json) => type === 'Ready' && status === 'True'),
    )
})

let count = 0
async function space(): Promise<{ name: string; pods: string; core: string }> {
  const name = `scheduled-${++count}`
  await bench.post('/api/v1/namespaces', { metadata: { name } })
  const core = `/api/v1/namespaces/${name}`
  await bench.until(`${core}/serviceaccounts/default`, (account) => account)
  return { name, core, pods: `${core}/pods` }
}
const pod = (name: string, spec: Json = {}, container: Json = {}, metadata: Json = {}) => ({
  metadata: { name, ...metadata },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10', ...container }],
    ...spec,
  },
})
const requests = (requests: object) => ({ resources: { requests, limits: requests } })
const running = ({ status }: Json) => status.phase === 'Running'
const unschedulable = (pod: Json) =>
  pod.status.conditions?.find(
    ({ type, reason }: Json) => type === 'PodScheduled' && reason === 'Unschedulable',
  )
const NODES = '/api/v1/nodes'

describe('LimitRange', () => {
  it('LimitRange, resources', async () => {
    const { core, pods } = await space()
    const min = { cpu: '50m', memory: '100Mi', 'ephemeral-storage': '100Gi' }
    const max = { cpu: '500m', memory: '500Mi', 'ephemeral-storage': '500Gi' }
    const defaultLimit = { cpu: '500m', memory: '500Mi', 'ephemeral-storage': '500Gi' }
    const defaultRequest = { cpu: '100m', memory: '200Mi', 'ephemeral-storage': '200Gi' }
    const limits = [{ type: 'Container', min, max, default: defaultLimit, defaultRequest }]
    const ranges = `${core}/limitranges`
    const watch = await bench.watch(ranges)
    await bench.post(ranges, { metadata: { name: 'range' }, spec: { limits } })
    expect((await watch.next()).object.spec.limits[0]).toMatchObject({
      min,
      max,
      defaultRequest,
      default: defaultLimit,
    })
    watch.close()
    const resourcesOf = ({ spec }: Json) => spec.containers[0].resources
    expect(resourcesOf(await bench.post(pods, pod('none')))).toEqual({
      requests: defaultRequest,
      limits: defaultLimit,
    })
    const partial = { requests: { cpu: '300m', memory: '150Mi' }, limits: { cpu: '300m' } }
    expect(resourcesOf(await bench.post(pods, pod('partial', {}, { resources: partial })))).toEqual({
      requests: { cpu: '300m', memory: '150Mi', 'ephemeral-storage': '200Gi' },
      limits: { cpu: '300m', memory: '500Mi', 'ephemeral-storage': '500Gi' },
    })
    const message = async (resources: object) =>
      (await bench.refused('POST', pods, pod('out', {}, { resources }))).message
    expect(await message({ requests: { cpu: '10m', memory: '50Mi' }, limits: {} })).toMatch(
      /minimum cpu usage per Container is 50m/,
    )
    expect(await message({ requests: {}, limits: { cpu: '600m', memory: '600Mi' } })).toMatch(
      /maximum cpu usage per Container is 500m/,
    )
    const range = await bench.get(`${ranges}/range`)
    range.spec.limits[0].min = { cpu: '9m', memory: '49Mi', 'ephemeral-storage': '49Gi' }
    await bench.put(`${ranges}/range`, range)
    await bench.post(
      pods,
      pod(
        'less',
        {},
        { resources: { requests: { cpu: '10m', memory: '50Mi', 'ephemeral-storage': '50Gi' }, limits: {} } },
      ),
    )
    await bench.delete(`${ranges}/range`)
    expect(
      resourcesOf(await bench.post(pods, pod('free', {}, { resources: { requests: { cpu: '600m' } } }))),
    ).toEqual({ requests: { cpu: '600m' } })
  })

  it('LimitRange, list, patch and delete a LimitRange by collection', async () => {
    const [one, two] = [await space(), await space()]
    const range = {
      metadata: { name: 'range', labels: { walk: 'ranges' } },
      spec: { limits: [{ type: 'Container', min: { cpu: '50m' }, max: { cpu: '500m' } }] },
    }
    for (const { core } of [one, two]) await bench.post(`${core}/limitranges`, range)
    const query = 'labelSelector=walk%3Dranges'
    expect((await bench.get(`/api/v1/limitranges?${query}`)).items).toHaveLength(2)
    const patch = {
      metadata: { labels: { patched: 'true' } },
      spec: { limits: [{ type: 'Container', min: { cpu: '10m' } }] },
    }
    const patched = await bench.patch(`${one.core}/limitranges/range`, patch, 'strategic')
    expect(patched.metadata.labels).toEqual({ walk: 'ranges', patched: 'true' })
    expect(patched.spec.limits).toHaveLength(1)
    expect(patched.spec.limits[0].min).toEqual({ cpu: '10m' })
    await bench.delete(`${one.core}/limitranges?labelSelector=walk%3Dranges,patched%3Dtrue`)
    expect(
      (await bench.get(`/api/v1/limitranges?${query}`)).items.map(({ metadata }: Json) => metadata.namespace),
    ).toEqual([two.name])
  })
})

describe('the scheduler', () => {
  it('Scheduler, node selector matching', async () => {
    const { pods } = await space()
    await bench.patch(`${NODES}/node-2`, { metadata: { labels: { walk: '42' } } })
    await bench.post(pods, pod('picky', { nodeSelector: { walk: '42' } }))
    expect((await bench.until(`${pods}/picky`, running)).spec.nodeName).toBe('node-2')
    await bench.patch(`${NODES}/node-2`, { metadata: { labels: { walk: null } } })
  })

  it('Scheduler, node selector not matching', async () => {
    const { name, pods } = await space()
    await bench.post(pods, pod('restricted', { nodeSelector: { label: 'nonempty' } }))
    const { message } = unschedulable(await bench.until(`${pods}/restricted`, unschedulable))
    expect(message).toMatch(
      /^0\/2 nodes are available: 2 node\(s\) didn't match Pod's node affinity\/selector/,
    )
    const { items } = await bench.get(`/apis/events.k8s.io/v1/namespaces/${name}/events`)
    expect(items.some(({ reason, type }: Json) => reason === 'FailedScheduling' && type === 'Warning')).toBe(
      true,
    )
    await bench.delete(`${pods}/restricted`)
  })

  it('Scheduler, resource limits', async () => {
    const { pods } = await space()
    for (const [index, node] of ['node-1', 'node-2'].entries())
      await bench.post(
        pods,
        pod(
          `filler-${index}`,
          { nodeSelector: { 'kubernetes.io/hostname': node } },
          requests({ cpu: '2500m' }),
        ),
      )
    for (const index of [0, 1]) await bench.until(`${pods}/filler-${index}`, running)
    await bench.post(pods, pod('additional', {}, requests({ cpu: '2' })))
    const { message } = unschedulable(await bench.until(`${pods}/additional`, unschedulable))
    expect(message).toContain('2 Insufficient cpu')
    await bench.delete(pods)
  })

  it('Scheduling, HostPort and Protocol match, HostIPs different but one is default HostIP (0.0.0.0)', async () => {
    const { pods } = await space()
    const on = { nodeSelector: { 'kubernetes.io/hostname': 'node-1' } }
    await bench.post(
      pods,
      pod('all', on, { ports: [{ containerPort: 8080, hostPort: 54322, hostIP: '0.0.0.0' }] }),
    )
    await bench.until(`${pods}/all`, running)
    await bench.post(
      pods,
      pod('one', on, { ports: [{ containerPort: 8080, hostPort: 54322, hostIP: '192.168.0.1' }] }),
    )
    const { message } = unschedulable(await bench.until(`${pods}/one`, unschedulable))
    expect(message).toContain("1 node(s) didn't have free ports for the requested pod ports")
    await bench.delete(pods)
  })

  it('Scheduling, HostPort matching and HostIP and Protocol not-matching', async () => {
    const { pods } = await space()
    const on = { nodeSelector: { 'kubernetes.io/hostname': 'node-1' } }
    const ports = [
      { containerPort: 8080, hostPort: 54323, hostIP: '127.0.0.1', protocol: 'TCP' },
      { containerPort: 8080, hostPort: 54323, hostIP: '192.168.0.1', protocol: 'TCP' },
      { containerPort: 8081, hostPort: 54323, hostIP: '192.168.0.1', protocol: 'UDP' },
    ]
    for (const [index, port] of ports.entries()) {
      await bench.post(pods, pod(`port-${index}`, on, { ports: [port] }))
      await bench.until(`${pods}/port-${index}`, running)
    }
    await bench.delete(pods)
  })
})

describe('preemption', () => {
  const CLASSES = '/apis/scheduling.k8s.io/v1/priorityclasses'
  beforeAll(async () => {
    for (const [name, value] of [
      ['low', 1],
      ['medium', 100],
      ['high', 1000],
    ] as const)
      await bench.post(CLASSES, { metadata: { name }, value })
    for (const node of ['node-1', 'node-2'])
      await bench.patch(`${NODES}/${node}/status`, {
        status: { capacity: { 'scheduling.k8s.io/foo': '5' }, allocatable: { 'scheduling.k8s.io/foo': '5' } },
      })
  })
  const foo = (amount: number) => requests({ 'scheduling.k8s.io/foo': String(amount) })
  /** Fills both nodes: one pod of low priority on the first, of medium on the second. */
  async function filled(finalizers?: string[]): Promise<{ pods: string }> {
    const { pods } = await space()
    for (const [index, priorityClassName] of ['low', 'medium'].entries()) {
      await bench.post(
        pods,
        pod(`victim-${index}`, { priorityClassName }, foo(4), {
          ...(index === 0 && finalizers && { finalizers }),
        }),
      )
      await bench.until(`${pods}/victim-${index}`, running)
    }
    return { pods }
  }

  it('Scheduler, Basic Preemption', async () => {
    const { pods } = await filled()
    await bench.post(pods, pod('preemptor', { priorityClassName: 'high' }, foo(4)))
    await bench.until(`${pods}/preemptor`, running)
    const left = await bench.ask('GET', `${pods}/victim-0`)
    expect(left.status === 404 || left.body.metadata.deletionTimestamp).toBeTruthy()
    expect((await bench.get(`${pods}/victim-1`)).metadata.deletionTimestamp).toBeUndefined()
    await bench.delete(pods)
  })

  it('Scheduler, Preemption for critical pod', async () => {
    const { pods } = await filled()
    const system = '/api/v1/namespaces/kube-system/pods'
    await bench.post(system, pod('critical', { priorityClassName: 'system-cluster-critical' }, foo(4)))
    const critical = await bench.until(`${system}/critical`, running)
    expect(critical.spec.priority).toBe(2_000_000_000)
    await bench.until(`${pods}/victim-0`, (gone) => !gone)
    await bench.delete(`${system}/critical`)
    await bench.delete(pods)
  })

  it('Verify the DisruptionTarget condition is added to the preempted pod', async () => {
    const { pods } = await filled(['example.com/test-finalizer'])
    await bench.post(pods, pod('preemptor', { priorityClassName: 'high' }, foo(4)))
    const victim = await bench.until(`${pods}/victim-0`, ({ metadata }) => metadata.deletionTimestamp)
    expect(victim.status.conditions.find(({ type }: Json) => type === 'DisruptionTarget')).toMatchObject({
      status: 'True',
      reason: 'PreemptionByScheduler',
    })
    await bench.patch(`${pods}/victim-0`, { metadata: { finalizers: null } })
    await bench.until(`${pods}/victim-0`, (gone) => !gone)
    await bench.until(`${pods}/preemptor`, running)
    await bench.delete(pods)
  })

  it('Pod preemption verification', async () => {
    const { name, pods } = await space()
    const sets = `/apis/apps/v1/namespaces/${name}/replicasets`
    const classes = [1, 2, 3, 4].map((level) => ({ name: `p${level}`, value: level }))
    for (const { name, value } of classes) await bench.post(CLASSES, { metadata: { name }, value })
    const on = { nodeSelector: { 'kubernetes.io/hostname': 'node-1' } }
    const set = (level: number, replicas: number, amount: number) => ({
      metadata: { name: `rs-${level}` },
      spec: {
        replicas,
        selector: { matchLabels: { level: String(level) } },
        template: {
          ...pod('', { priorityClassName: `p${level}`, ...on }, foo(amount)),
          metadata: { labels: { level: String(level) } },
        },
      },
    })
    await bench.post(sets, set(1, 1, 1))
    await bench.post(sets, set(2, 1, 1))
    await bench.post(sets, set(3, 1, 2))
    for (const level of [1, 2, 3])
      await bench.until(`${sets}/rs-${level}`, ({ status }) => status.readyReplicas === 1)
    await bench.post(sets, set(4, 1, 3))
    await bench.until(`${sets}/rs-4`, ({ status }) => status.readyReplicas === 1)
    const ready = async (level: number) => (await bench.get(`${sets}/rs-${level}`)).status.readyReplicas ?? 0
    expect([await ready(1), await ready(2), await ready(3), await ready(4)]).toEqual([0, 0, 1, 1])
    await bench.delete(sets)
    await bench.delete(pods)
  })

  it('Scheduler, Verify PriorityClass endpoints', async () => {
    expect((await bench.get(CLASSES)).items.map(({ metadata }: Json) => metadata.name)).toEqual(
      expect.arrayContaining(['low', 'system-node-critical', 'system-cluster-critical']),
    )
    const patched = await bench.patch(`${CLASSES}/low`, { description: 'changed' }, 'strategic')
    expect(patched.description).toBe('changed')
    const merge = { 'content-type': 'application/merge-patch+json' }
    expect((await bench.refused('PATCH', `${CLASSES}/low`, { value: 2 }, merge)).message).toMatch(
      /value: Forbidden: may not be changed in an update|field is immutable/,
    )
    expect((await bench.put(`${CLASSES}/low`, { ...patched, description: 'again' })).description).toBe(
      'again',
    )
    expect(
      (await bench.refused('PUT', `${CLASSES}/low`, { ...patched, metadata: { name: 'low' }, value: 3 }))
        .code,
    ).toBe(422)
  })
})
