import { describe, expect, it } from 'vitest'
import { type Json, workbench } from './workbench.ts'
import { condition } from './workloads.ts'

// Each test is named by its Testname in Kubernetes' conformance list (test/conformance/testdata/conformance.yaml, up to 1.35, read 2026-11),
// and asks for what that entry's description demands.

const bench = workbench(2)
const AGNHOST = 'registry.k8s.io/e2e-test-images/agnhost:2.53'
const busybox = (script: string, more: object = {}) => ({
  name: 'main',
  image: 'busybox:1.37',
  command: ['sh', '-c', script],
  ...more,
})
const forever = 'sleep 1000000'
type Space = Awaited<ReturnType<typeof bench.namespace>>

/** Makes a pod and gives its path. */
async function started(
  space: Space,
  name: string,
  containers: object[],
  spec: object = {},
  metadata: object = {},
): Promise<string> {
  await bench.post(`${space.core}/pods`, {
    metadata: { name, labels: { name }, ...metadata },
    spec: { terminationGracePeriodSeconds: 1, containers, ...spec },
  })
  return `${space.core}/pods/${name}`
}
const isReady = (pod: Json) => condition(pod, 'Ready')?.status === 'True'
const main = (pod: Json) => pod.status.containerStatuses?.[0]
const names = (objects: Json[]) => objects.map(({ metadata }) => metadata.name).sort()
const isOver = (pod: Json) => ['Succeeded', 'Failed'].includes(pod.status.phase)

describe('restarts and init containers', () => {
  it('Container Runtime, Restart Policy, Pod Phases (1.13)', async () => {
    const space = await bench.namespace()
    // Fails the first time, is well the second.
    const script = 'if [ -e /data/seen ]; then exit 0; else touch /data/seen; exit 1; fi'
    const container = busybox(script, { volumeMounts: [{ name: 'data', mountPath: '/data' }] })
    const volumes = [{ name: 'data', emptyDir: {} }]
    const paths = await Promise.all(
      ['Always', 'OnFailure', 'Never'].map((restartPolicy) =>
        started(space, restartPolicy.toLowerCase(), [container], { restartPolicy, volumes }),
      ),
    )
    const [always, onFailure, never] = paths as [string, string, string]
    const again = await bench.until(always, (pod) => main(pod)?.restartCount >= 2)
    expect(again.status.phase).toBe('Running')
    const done = await bench.until(onFailure, isOver)
    expect([done.status.phase, main(done).restartCount]).toEqual(['Succeeded', 1])
    const failed = await bench.until(never, isOver)
    expect([failed.status.phase, main(failed).restartCount, main(failed).state.terminated.exitCode]).toEqual([
      'Failed',
      0,
      1,
    ])
  })

  const init = (first: string) => [
    { ...busybox(first), name: 'init1' },
    { ...busybox('true'), name: 'init2' },
  ]

  it('init-container-starts-app-restartnever-pod; init-container-starts-app-restartalways-pod (1.12)', async () => {
    const space = await bench.namespace()
    const never = await bench.until(
      await started(space, 'never', [busybox('true')], {
        restartPolicy: 'Never',
        initContainers: init('true'),
      }),
      isOver,
    )
    expect(never.status.phase).toBe('Succeeded')
    const always = await bench.until(
      await started(space, 'always', [busybox(forever)], { initContainers: init('true') }),
      isReady,
    )
    for (const pod of [never, always]) {
      expect(condition(pod, 'Initialized').status).toBe('True')
      expect(
        pod.status.initContainerStatuses.map(({ state, ready }: Json) => [state.terminated.exitCode, ready]),
      ).toEqual([
        [0, true],
        [0, true],
      ])
    }
  })

  it('init-container-fails-stops-app-restartnever-pod; init-container-fails-stops-app-restartalways-pod (1.12)', async () => {
    const space = await bench.namespace()
    const never = await bench.until(
      await started(space, 'never', [busybox('true')], {
        restartPolicy: 'Never',
        initContainers: [
          { ...busybox('true'), name: 'init1' },
          { ...busybox('false'), name: 'init2' },
        ],
      }),
      isOver,
    )
    expect(never.status.phase).toBe('Failed')
    const always = await bench.until(
      await started(space, 'always', [busybox('true')], { initContainers: init('false') }),
      ({ status }) => status.initContainerStatuses?.[0].restartCount >= 3,
    )
    expect(always.status.phase).toBe('Pending')
    for (const pod of [never, always]) {
      expect(condition(pod, 'Initialized')).toMatchObject({
        status: 'False',
        reason: 'ContainersNotInitialized',
      })
      expect(main(pod).state.waiting.reason).toBe('PodInitializing')
    }
    expect(condition(always, 'Initialized').message).toBe('containers with incomplete status: [init1 init2]')
    expect(always.status.initContainerStatuses[1].state.waiting.reason).toBe('PodInitializing')
  })

  it('Kubelet, failed pod, terminated reason; failed pod, delete (1.13)', async () => {
    const space = await bench.namespace()
    const path = await started(space, 'false', [busybox('false')])
    const pod = await bench.until(
      path,
      (pod) => main(pod)?.state.terminated ?? main(pod)?.lastState.terminated,
    )
    expect((main(pod).state.terminated ?? main(pod).lastState.terminated).reason).toBe('Error')
    await bench.delete(path)
    await bench.gone(path)
  })
})

describe('probes', () => {
  const liveness = { image: AGNHOST, args: ['liveness'], command: undefined }
  const healthz = { httpGet: { path: '/healthz', port: 8080 }, initialDelaySeconds: 15, failureThreshold: 1 }
  const file = {
    exec: { command: ['cat', '/tmp/health'] },
    initialDelaySeconds: 15,
    failureThreshold: 1,
    timeoutSeconds: 5,
  }
  const server = { image: 'nginx:1.29', command: undefined }

  it('Pod liveness probe, using http endpoint, restart, multiple restarts; local file, restart; grpc call, failure (1.9, 1.23)', async () => {
    const space = await bench.namespace()
    const http = await started(space, 'http', [
      busybox('', { ...liveness, livenessProbe: { ...healthz, initialDelaySeconds: 5 } }),
    ])
    const local = await started(space, 'local', [
      busybox('echo ok > /tmp/health; sleep 10; rm /tmp/health; sleep 600', { livenessProbe: file }),
    ])
    const grpc = await started(space, 'grpc', [
      busybox('', {
        ...server,
        livenessProbe: { grpc: { port: 2333 }, failureThreshold: 1, initialDelaySeconds: 5 },
      }),
    ])
    for (const path of [local, grpc]) await bench.until(path, (pod) => main(pod)?.restartCount >= 1, 180_000)
    let count = 0
    while (count < 3) {
      const before = count
      count = main(await bench.until(http, (pod) => main(pod)?.restartCount > before, 400_000)).restartCount
      expect(count).toBe(before + 1)
    }
  })

  it('Pod liveness probe, no restart: http endpoint, local file, tcp socket (1.9, 1.18)', async () => {
    const space = await bench.namespace()
    const containers = {
      http: busybox('', {
        ...server,
        livenessProbe: {
          ...healthz,
          httpGet: { path: '/', port: 80 },
          timeoutSeconds: 5,
          failureThreshold: 5,
        },
      }),
      local: busybox('echo ok > /tmp/health; sleep 600', { livenessProbe: file }),
      // Its answers become errors after ten seconds; its socket stays open.
      tcp: busybox('', {
        ...liveness,
        livenessProbe: { tcpSocket: { port: 8080 }, initialDelaySeconds: 15, failureThreshold: 1 },
      }),
    }
    for (const [name, container] of Object.entries(containers)) await started(space, name, [container])
    await bench.until(`${space.core}/pods`, ({ items }) => items.every(isReady))
    for (let i = 0; i < 60; i++) await bench.advance(1000)
    const pods = await bench.items(`${space.core}/pods`)
    expect(pods.map((pod) => [pod.metadata.name, main(pod).restartCount, isReady(pod)])).toEqual([
      ['http', 0, true],
      ['local', 0, true],
      ['tcp', 0, true],
    ])
  })

  it('Pod readiness probe, with initial delay; failure (1.9)', async () => {
    const space = await bench.namespace()
    const delayed = await started(space, 'delayed', [
      busybox('', {
        ...server,
        readinessProbe: { httpGet: { path: '/', port: 80 }, initialDelaySeconds: 30 },
      }),
    ])
    const failing = await started(space, 'failing', [
      busybox(forever, { readinessProbe: { exec: { command: ['false'] } } }),
    ])
    const pod = await bench.until(delayed, isReady)
    const seconds =
      (Date.parse(condition(pod, 'Ready').lastTransitionTime) -
        Date.parse(main(pod).state.running.startedAt)) /
      1000
    expect(seconds).toBeGreaterThanOrEqual(30)
    expect(main(pod).restartCount).toBe(0)
    const never = await bench.get(failing)
    expect([isReady(never), main(never).restartCount, main(never).started]).toEqual([false, 0, true])
  })
})

describe('hooks', () => {
  it('Pod Lifecycle, post start exec hook, http hook; prestop exec hook, http hook; Pods, prestop hook (1.9)', async () => {
    const space = await bench.namespace()
    const path = await started(space, 'server', [
      busybox('', { image: AGNHOST, command: undefined, args: ['netexec', '--http-port=8080'] }),
    ])
    const { status } = await bench.until(path, isReady)
    const exec = (text: string) => ({
      exec: { command: ['sh', '-c', `wget -q -O - http://${status.podIP}:8080/echo?msg=${text}`] },
    })
    const httpGet = (text: string) => ({
      httpGet: { host: status.podIP, port: 8080, path: `/echo?msg=${text}` },
    })
    const log = () => bench.get(`${path}/log`)
    for (const [kind, hook] of [
      ['exec', exec],
      ['http', httpGet],
    ] as const) {
      const lifecycle = { postStart: hook(`poststart-${kind}`), preStop: hook(`prestop-${kind}`) }
      const hooked = await started(space, kind, [busybox(`trap exit TERM; ${forever} & wait`, { lifecycle })])
      await bench.until(hooked, isReady)
      await bench.until(`${path}/log`, (text) => text.includes(`poststart-${kind}`))
      expect(await log()).not.toContain(`prestop-${kind}`)
      await bench.delete(hooked, { gracePeriodSeconds: 15 })
      await bench.gone(hooked)
      expect(await log()).toContain(`prestop-${kind}`)
    }
  })
})

describe('pods', () => {
  it('Pods, lifecycle; update; assigned hostip; QOS (1.9)', async () => {
    const space = await bench.namespace()
    const watch = await bench.watch(`${space.core}/pods?labelSelector=name=living`)
    const resources = { requests: { cpu: '100m', memory: '100Mi' }, limits: { cpu: '100m', memory: '100Mi' } }
    const path = await started(space, 'living', [busybox(forever, { resources })])
    const pod = await bench.until(path, isReady)
    expect(pod.status).toMatchObject({ qosClass: 'Guaranteed', phase: 'Running' })
    const nodes = await bench.items('/api/v1/nodes')
    expect(
      nodes.map(({ status }) => status.addresses.find(({ type }: Json) => type === 'InternalIP').address),
    ).toContain(pod.status.hostIP)
    await bench.change(path, ({ metadata }) => {
      metadata.labels.time = 'later'
    })
    expect(names(await bench.items(`${space.core}/pods?labelSelector=time=later`))).toEqual(['living'])
    const deleted = await bench.delete(path, { gracePeriodSeconds: 5 })
    expect(deleted.metadata).toMatchObject({
      deletionGracePeriodSeconds: 5,
      deletionTimestamp: expect.any(String),
    })
    await bench.gone(path)
    await bench.advance(500)
    watch.close()
    expect([watch.seen.at(0)?.type, watch.seen.at(-1)?.type]).toEqual(['ADDED', 'DELETED'])
    expect(await bench.items(`${space.core}/pods?labelSelector=name=living`)).toEqual([])
  })

  it('Pods, ActiveDeadlineSeconds (1.9)', async () => {
    const space = await bench.namespace()
    const path = await started(space, 'deadline', [busybox(forever)])
    await bench.until(path, isReady)
    await bench.change(path, ({ spec }) => {
      spec.activeDeadlineSeconds = 5
    })
    const pod = await bench.until(path, isOver)
    expect(pod.status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' })
  })

  it('Pods, delete a collection (1.19)', async () => {
    const space = await bench.namespace()
    for (const name of ['one', 'two', 'three'])
      await started(space, name, [busybox(forever)], {}, { labels: { type: 'Testing' } })
    const collection = `${space.core}/pods?labelSelector=type=Testing`
    expect(await bench.items(collection)).toHaveLength(3)
    await bench.delete(collection)
    await bench.until(collection, ({ items }) => items.length === 0)
  })

  it('Pods, patching status; completes the lifecycle of a Pod and the PodStatus (1.20, 1.25)', async () => {
    const space = await bench.namespace()
    const path = await started(space, 'told', [busybox(forever)])
    await bench.until(path, isReady)
    const patched = await bench.patch(
      `${path}/status`,
      { status: { message: 'Patched by e2e test', reason: 'E2E' } },
      'strategic',
    )
    expect(patched.status).toMatchObject({ message: 'Patched by e2e test', reason: 'E2E', phase: 'Running' })
    await bench.patch(
      path,
      {
        metadata: { labels: { told: 'patched' } },
        spec: { containers: [{ name: 'main', image: 'busybox:1.36' }] },
      },
      'strategic',
    )
    await bench.until(path, (pod) => main(pod)?.image.endsWith('busybox:1.36') && isReady(pod))
    await bench.change(`${path}/status`, ({ status }) => {
      status.conditions.find(({ type }: Json) => type === 'Ready').status = 'False'
    })
    expect(isReady(await bench.get(`${path}/status`))).toBe(false)
    await bench.delete(`${space.core}/pods?labelSelector=told=patched`)
    await bench.gone(path)
  })

  it('Pods Generation, updates; graceful delete; 500 updates (1.35)', async () => {
    const space = await bench.namespace()
    const path = await started(space, 'counted', [busybox(forever)], {}, { generation: 100 })
    expect((await bench.get(path)).metadata.generation).toBe(1)
    const seen = async (generation: number) => {
      const pod = await bench.until(path, ({ status }) => status.observedGeneration === generation)
      expect(pod.metadata.generation).toBe(generation)
    }
    await seen(1)
    // What is not the spec counts nothing.
    await bench.patch(path, { metadata: { labels: { changed: 'yes' } } })
    expect((await bench.get(path)).metadata.generation).toBe(1)
    await bench.patch(path, { spec: { containers: [{ name: 'main', image: 'busybox:1.36' }] } }, 'strategic')
    await bench.patch(path, { spec: { activeDeadlineSeconds: 100_000 } })
    await seen(3)
    await bench
      .patch(
        `${path}/resize`,
        { spec: { containers: [{ name: 'main', resources: { requests: { cpu: '10m' } } }] } },
        'strategic',
      )
      .catch(() => {})
    const { generation } = (await bench.get(path)).metadata
    for (let left = 100_000 - 1; left > 100_000 - 40; left--)
      await bench.patch(path, { spec: { activeDeadlineSeconds: left } })
    await seen(generation + 39)
    await bench.patch(path, { metadata: { finalizers: ['example.com/kept'] } })
    await bench.delete(path)
    expect((await bench.get(path)).metadata.generation).toBe(generation + 40)
    await bench.patch(path, { metadata: { finalizers: null } })
    await bench.gone(path)
  })

  it('Ephemeral Container Creation; update ephemeral containers (1.25, 1.28)', async () => {
    const space = await bench.namespace()
    const path = await started(space, 'debugged', [busybox(forever)])
    await bench.until(path, isReady)
    for (const [index, name] of ['debugger', 'debugger-2'].entries()) {
      await bench.change(`${path}/ephemeralcontainers`, ({ spec }) => {
        spec.ephemeralContainers = [
          ...(spec.ephemeralContainers ?? []),
          { name, image: 'busybox:1.37', command: ['sh', '-c', `echo polo; ${forever}`] },
        ]
      })
      const pod = await bench.until(
        path,
        ({ status }) =>
          status.ephemeralContainerStatuses?.find((one: Json) => one.name === name)?.state.running,
      )
      expect(pod.spec.ephemeralContainers).toHaveLength(index + 1)
      await bench.until(`${path}/log?container=${name}`, (text) => text === 'polo\n')
    }
  })

  it('VolumeSubpathEnvExpansion, subpath with absolute path; with backticks; ready from failed state (1.19)', async () => {
    const space = await bench.namespace()
    const mounted = (name: string, env: object) =>
      started(
        space,
        name,
        [
          busybox(forever, {
            env: [{ name: 'PART', ...env }],
            volumeMounts: [{ name: 'data', mountPath: '/data', subPathExpr: '$(PART)' }],
          }),
        ],
        { volumes: [{ name: 'data', emptyDir: {} }] },
        { annotations: { other: 'mypath' } },
      )
    const waiting = async (path: string) =>
      main(
        await bench.until(path, (pod) => main(pod)?.state.waiting?.reason === 'CreateContainerConfigError'),
      ).state.waiting.message
    expect(await waiting(await mounted('absolute', { value: '/tmp' }))).toBe(
      'error SubPath `/tmp` must not be an absolute path',
    )
    expect(await waiting(await mounted('backsteps', { value: '..' }))).toBe(
      "unable to provision SubPath `..`: must not contain '..'",
    )
    const path = await mounted('later', {
      valueFrom: { fieldRef: { fieldPath: "metadata.annotations['mysubpath']" } },
    })
    expect(await waiting(path)).toBe('missing value for PART')
    await bench.patch(path, { metadata: { annotations: { mysubpath: 'mypath' } } })
    await bench.until(path, isReady)
  })
})
