import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { wholeOf } from '#containers/files/pieces.ts'
import { PullError } from '#containers/image.ts'
import type { KubernetesObject } from '#kubernetes/api.ts'
import type { ConfigMap, Pod } from '#kubernetes/objects.ts'
import { isReady, podCondition } from '#kubernetes/pods.ts'
import { deployment, pod, readyPods, type TestCluster, testCluster } from './test-cluster.ts'

let cluster: TestCluster
afterEach(() => cluster.close())

const status = (name = 'a') => cluster.pod(name)?.status
const container = (name = 'a') => status(name).containerStatuses![0]!
const config = (name: string, data: Record<string, string>) =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data }) as ConfigMap

describe('a pod', () => {
  it('is pulled, created and started, with the events of a kubelet', async () => {
    cluster = await testCluster()
    cluster.api.create('pods', pod('a'))
    await cluster.until('ready', () => isReady(cluster.pod('a')))
    const { nodeName } = cluster.pod('a').spec
    expect(cluster.events('a')).toEqual([
      `Scheduled: Successfully assigned default/a to ${nodeName}`,
      'Pulling: Pulling image "web:1"',
      expect.stringMatching(
        /^Pulled: Successfully pulled image "web:1" in \d+ms \(\d+ms including waiting\)\. Image size: 30000000 bytes\.$/,
      ),
      'Created: Container created',
      'Started: Container started',
    ])
    expect(status()).toMatchObject({
      phase: 'Running',
      qosClass: 'BestEffort',
      podIP: expect.stringMatching(/^10\.0\./),
      hostIP: expect.stringMatching(/^192\.168\./),
      containerStatuses: [
        {
          name: 'main',
          ready: true,
          started: true,
          restartCount: 0,
          image: 'docker.io/library/web:1',
          imageID: `docker.io/library/web@sha256:${'b'.repeat(64)}`,
          containerID: expect.stringMatching(/^containerd:\/\/[0-9a-f]{64}$/),
          state: { running: {} },
          lastState: {},
        },
      ],
    })
  })

  it('uses an image that is on its node already', async () => {
    cluster = await testCluster({ nodes: 1 })
    cluster.api.create('pods', pod('a'))
    await cluster.until('ready', () => isReady(cluster.pod('a')))
    cluster.api.create('pods', pod('b'))
    await cluster.until('ready', () => isReady(cluster.pod('b')))
    expect(cluster.events('b')).toContain(
      'Pulled: Container image "web:1" already present on machine and can be accessed by the pod',
    )
    expect(cluster.runtime.pulls.get('docker.io/library/web:1')).toBe(1)
  })

  it('backs off from an image that is not there, and starts when it is', async () => {
    cluster = await testCluster()
    const missing =
      'failed to resolve reference "docker.io/library/nope:1": docker.io/library/nope:1: not found'
    cluster.runtime.failures.set('docker.io/library/nope:1', new PullError('not-found', missing))
    cluster.api.create('pods', pod('a', { image: 'nope:1' }))
    await cluster.until(
      'ErrImagePull',
      () => status()?.containerStatuses?.[0]?.state?.waiting?.reason === 'ErrImagePull',
    )
    const error = `rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nope:1": ${missing}`
    expect(container().state!.waiting!.message).toBe(error)
    expect(status().phase).toBe('Pending')
    await cluster.until('back-off', () => container().state!.waiting!.reason === 'ImagePullBackOff')
    expect(container().state!.waiting!.message).toBe(
      `Back-off pulling image "nope:1": ErrImagePull: ${error}`,
    )
    expect(cluster.events('a')).toEqual(
      expect.arrayContaining([
        `Failed: Failed to pull image "nope:1": ${error}`,
        'Failed: Error: ErrImagePull',
        'BackOff: Back-off pulling image "nope:1"',
        'Failed: Error: ImagePullBackOff',
      ]),
    )
    await cluster.world.advance(10 * 60_000)
    const tries = cluster.runtime.pulls.get('docker.io/library/nope:1')!
    // At 0, 10, 30, 70, 150 and 310 s: the next is 300 s later.
    expect(tries).toBe(6)
    cluster.runtime.failures.clear()
    await cluster.until('ready', () => isReady(cluster.pod('a')), 310_000)
  })

  it('refuses a name that is none', async () => {
    cluster = await testCluster()
    cluster.api.create('pods', pod('a', { image: 'No Such/Image' }))
    await cluster.until(
      'refused',
      () => status()?.containerStatuses?.[0]?.state?.waiting?.reason === 'InvalidImageName',
    )
    expect(cluster.events('a')).toContain('Failed: Error: InvalidImageName')
  })

  it('restarts what crashes, at once, then after 10, 20, 40 seconds', async () => {
    cluster = await testCluster()
    const starts: number[] = []
    cluster.runtime.scripts.set('crash', ({ print, exit }) => {
      starts.push(cluster.world.clock.now())
      print(`start ${starts.length}\n`)
      exit(3)
      return undefined
    })
    cluster.api.create('pods', pod('a', { image: 'crash:1' }))
    await cluster.until('5 starts', () => starts.length === 5)
    const gaps = starts.slice(1).map((at, index) => Math.round((at - starts[index]!) / 1000))
    expect(gaps).toEqual([0, 10, 20, 40])
    await cluster.until('loop', () => container().state?.waiting?.reason === 'CrashLoopBackOff')
    const { uid } = cluster.pod('a').metadata
    expect(container()).toMatchObject({
      restartCount: 4,
      ready: false,
      state: {
        waiting: { message: `back-off 1m20s restarting failed container=main pod=a_default(${uid})` },
      },
      lastState: { terminated: { exitCode: 3, reason: 'Error' } },
    })
    expect(status().phase).toBe('Running')
    expect(cluster.events('a')).toContain(
      `BackOff: Back-off restarting failed container main in pod a_default(${uid})`,
    )
    expect(await text(await cluster.kubernetes.kubelets.logs('default', 'a', {}))).toBe('start 5\n')
    expect(await text(await cluster.kubernetes.kubelets.logs('default', 'a', { previous: true }))).toBe(
      'start 4\n',
    )
  })

  it('succeeds or fails as its containers do when they are not restarted', async () => {
    cluster = await testCluster()
    for (const [image, code] of [
      ['good', 0],
      ['bad', 2],
    ] as const) {
      cluster.runtime.scripts.set(image, ({ exit }) => {
        exit(code)
        return undefined
      })
      cluster.api.create('pods', pod(image, { image: `${image}:1` }, { restartPolicy: 'Never' }))
    }
    await cluster.until(
      'over',
      () => status('good')?.phase === 'Succeeded' && status('bad')?.phase === 'Failed',
    )
    expect(container('good').state!.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' })
    expect(container('bad').state!.terminated).toMatchObject({ exitCode: 2, reason: 'Error' })
    expect(podCondition(cluster.pod('good'), 'Ready')).toMatchObject({
      status: 'False',
      reason: 'PodCompleted',
    })
  })

  it('runs its init containers one after another, before the others', async () => {
    cluster = await testCluster()
    const order: string[] = []
    for (const name of ['one', 'two']) {
      cluster.runtime.scripts.set(name, ({ exit }) => {
        order.push(name)
        exit(0)
        return undefined
      })
    }
    cluster.runtime.scripts.set('web', () => {
      order.push('web')
      return undefined
    })
    const initContainers = ['one', 'two'].map((name) => ({ name, image: `${name}:1` }))
    cluster.api.create('pods', pod('a', {}, { initContainers }))
    await cluster.until(
      'initializing',
      () => status()?.containerStatuses?.[0]?.state?.waiting?.reason === 'PodInitializing',
    )
    await cluster.until('ready', () => isReady(cluster.pod('a')))
    expect(order).toEqual(['one', 'two', 'web'])
    expect(status().initContainerStatuses!.map(({ ready }) => ready)).toEqual([true, true])
  })

  it('fails to start a command that does not exist', async () => {
    cluster = await testCluster()
    cluster.api.create('pods', pod('a', { command: ['/missing'] }))
    await cluster.until(
      'error',
      () => status()?.containerStatuses?.[0]?.state?.waiting?.reason === 'RunContainerError',
    )
    await cluster.until('loop', () => container().state?.waiting?.reason === 'CrashLoopBackOff')
    expect(container().lastState!.terminated).toMatchObject({ reason: 'StartError', exitCode: 128 })
  })

  it('waits for a ConfigMap that its environment or a volume needs', async () => {
    cluster = await testCluster()
    const env = [{ name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } }]
    cluster.api.create('pods', pod('a', { env }))
    const volumes = [{ name: 'files', configMap: { name: 'settings' } }]
    const volumeMounts = [{ name: 'files', mountPath: '/etc/settings' }]
    cluster.api.create('pods', pod('b', { volumeMounts }, { volumes }))
    await cluster.until(
      'a',
      () => status('a')?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError',
    )
    expect(container('a').state!.waiting!.message).toBe('configmap "settings" not found')
    expect(cluster.events('a')).toContain('Failed: Error: configmap "settings" not found')
    expect(cluster.events('b')).toContain(
      'FailedMount: MountVolume.SetUp failed for volume "files" : configmap "settings" not found',
    )
    expect(container('b').state!.waiting!.reason).toBe('ContainerCreating')
    cluster.api.create('configmaps', config('settings', { color: 'blue' }))
    await cluster.until('ready', () => readyPods(cluster).length === 2)
    const [first, second] = ['a', 'b'].map(
      (name) => cluster.runtime.specs.find(({ hostname }) => hostname === name)!,
    )
    expect(first!.env.COLOR).toBe('blue')
    const mount = second!.mounts!.find(({ path }) => path === '/etc/settings')!
    expect(Buffer.from(wholeOf(mount.files.get('color')!.content)).toString()).toBe('blue')
    cluster.api.update('configmaps', {
      ...cluster.api.get<ConfigMap>('configmaps', 'default', 'settings')!,
      data: { color: 'red' },
    })
    await cluster.world.advance(61_000)
    expect(Buffer.from(wholeOf(mount.files.get('color')!.content)).toString()).toBe('red')
  })

  it('starts with the files of its ConfigMap as they are then', async () => {
    cluster = await testCluster()
    cluster.api.create('configmaps', config('settings', { colour: 'blue' }))
    const env = [{ name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } }]
    const volumeMounts = [{ name: 'files', mountPath: '/etc/settings' }]
    cluster.api.create(
      'pods',
      pod('a', { env, volumeMounts }, { volumes: [{ name: 'files', configMap: { name: 'settings' } }] }),
    )
    await cluster.until(
      'a',
      () => status('a')?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError',
    )
    cluster.api.update('configmaps', {
      ...cluster.api.get<ConfigMap>('configmaps', 'default', 'settings')!,
      data: { color: 'blue' },
    })
    await cluster.until('ready', () => isReady(cluster.pod('a')))
    const { mounts } = cluster.runtime.specs.find(({ hostname }) => hostname === 'a')!
    expect([...mounts!.find(({ path }) => path === '/etc/settings')!.files.keys()]).toEqual(['color'])
  })

  it('has its variables, its token and the names of the Services', async () => {
    cluster = await testCluster()
    cluster.api.create('services', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'my-web', namespace: 'default' },
      spec: { selector: { app: 'a' }, ports: [{ port: 80 }] },
    } as KubernetesObject)
    const env = [
      { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'GREETING', value: 'hello $(NAME), $$(NAME) $(NOBODY)' },
    ]
    cluster.api.create('pods', pod('a', { env, args: ['--name=$(NAME)'] }))
    await cluster.until('ready', () => isReady(cluster.pod('a')))
    const spec = cluster.runtime.specs.find(({ hostname }) => hostname === 'a')!
    expect(spec.env).toMatchObject({
      GREETING: 'hello a, $(NAME) $(NOBODY)',
      MY_WEB_SERVICE_PORT: '80',
    })
    expect(spec.args).toEqual(['--name=a'])
    const token = spec.mounts!.find(({ path }) => path === '/var/run/secrets/kubernetes.io/serviceaccount')!
    expect([...token.files.keys()].sort()).toEqual(['ca.crt', 'namespace', 'token'])
    expect(Buffer.from(wholeOf(token.files.get('namespace')!.content)).toString()).toBe('default')
  })

  it('ends when it is told to, or is killed when its grace period is over', async () => {
    cluster = await testCluster()
    cluster.runtime.scripts.set('stubborn', () => ({ signal: () => {} }))
    cluster.api.create('pods', pod('a'))
    cluster.api.create('pods', pod('b', { image: 'stubborn:1' }, { terminationGracePeriodSeconds: 20 }))
    await cluster.until('ready', () => readyPods(cluster).length === 2)
    const began = cluster.world.clock.now()
    cluster.api.delete('pods', 'default', 'a')
    cluster.api.delete('pods', 'default', 'b')
    await cluster.until('a gone', () => !cluster.pod('a'), 1000)
    expect(cluster.events('a')).toContain('Killing: Stopping container main')
    await cluster.until('b gone', () => !cluster.pod('b'))
    const took = cluster.world.clock.now() - began
    expect(took).toBeGreaterThanOrEqual(19_000)
    expect(took).toBeLessThan(21_000)
  })
})

describe('probes', () => {
  it('keep a pod out of service until it is ready', async () => {
    cluster = await testCluster()
    let code = 503
    cluster.runtime.scripts.set('web', ({ serve }) => {
      serve(80, () => ({ status: code, body: 'hi' }))
      return undefined
    })
    const readinessProbe = { httpGet: { path: '/', port: 80 }, periodSeconds: 5 }
    cluster.api.create('pods', pod('a', { readinessProbe }))
    await cluster.until('unhealthy', () => cluster.events('a').some((event) => event.startsWith('Unhealthy')))
    expect(cluster.events('a')).toContain(
      'Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503',
    )
    expect(podCondition(cluster.pod('a'), 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [main]',
    })
    code = 200
    await cluster.until('ready', () => isReady(cluster.pod('a')), 6000)
    code = 500
    await cluster.until('unready', () => !isReady(cluster.pod('a')), 16_000)
    expect(container().restartCount).toBe(0)
  })

  it('restart a container that is alive no more', async () => {
    cluster = await testCluster()
    let lives = 0
    cluster.runtime.scripts.set('web', ({ serve }) => {
      lives++
      const first = lives === 1
      serve(8080, () => ({ status: first ? 500 : 200, body: '' }))
      return undefined
    })
    const livenessProbe = { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 3 }
    cluster.api.create('pods', pod('a', { livenessProbe }))
    await cluster.until('second life', () => lives === 2)
    await cluster.until('ready', () => isReady(cluster.pod('a')))
    expect(cluster.events('a')).toContain('Killing: Container main failed liveness probe, will be restarted')
    expect(container().restartCount).toBe(1)
    await cluster.world.advance(60_000)
    expect(lives).toBe(2)
  })

  it('tell why nothing answers', async () => {
    cluster = await testCluster()
    const readinessProbe = { tcpSocket: { port: 5432 } }
    cluster.api.create('pods', pod('a', { readinessProbe }))
    await cluster.until('unhealthy', () => cluster.events('a').some((event) => event.startsWith('Unhealthy')))
    const { podIP } = status()
    expect(cluster.events('a')).toContain(
      `Unhealthy: Readiness probe failed: dial tcp ${podIP}:5432: connect: connection refused`,
    )
  })
})

describe('logs', () => {
  it('say why there are none', async () => {
    cluster = await testCluster()
    const failure = new PullError('not-found', 'not found')
    cluster.runtime.failures.set('docker.io/library/nope:1', failure)
    cluster.api.create('pods', pod('a', { image: 'nope:1' }))
    await cluster.until(
      'waiting',
      () => status()?.containerStatuses?.[0]?.state?.waiting?.reason === 'ErrImagePull',
    )
    await expect(cluster.kubernetes.kubelets.logs('default', 'a', {})).rejects.toMatchObject({
      code: 400,
      message: 'container "main" in pod "a" is waiting to start: trying and failing to pull image',
    })
    await expect(cluster.kubernetes.kubelets.logs('default', 'a', { container: 'x' })).rejects.toThrow(
      'container x is not valid for pod a',
    )
    await expect(
      cluster.kubernetes.kubelets.exec('default', 'a', { command: ['ls'], tty: false, stdin: false }),
    ).rejects.toThrow('unable to upgrade connection: container not found ("main")')
  })

  it('give the last lines, with times, and follow', async () => {
    cluster = await testCluster()
    let say!: (text: string) => void
    let end!: (code: number) => void
    cluster.runtime.scripts.set('web', ({ print, exit }) => {
      say = print
      end = exit
      print('one\ntwo\nthr')
      return undefined
    })
    cluster.api.create('pods', pod('a', {}, { restartPolicy: 'Never' }))
    await cluster.until('ready', () => isReady(cluster.pod('a')))
    expect(await text(await cluster.kubernetes.kubelets.logs('default', 'a', { tailLines: 1 }))).toBe('two\n')
    expect(
      await text(await cluster.kubernetes.kubelets.logs('default', 'a', { timestamps: true, tailLines: 1 })),
    ).toMatch(/^2026-11-21T10:00:\d\d\.\d{9}Z two\n$/)
    const following = text(
      await cluster.kubernetes.kubelets.logs('default', 'a', { follow: true, tailLines: 1 }),
    )
    say('ee\nfour')
    end(0)
    expect(await following).toBe('two\nthree\nfour')
  })
})

describe('a node', () => {
  it('that dies is noticed, its pods are moved after their toleration', async () => {
    cluster = await testCluster()
    cluster.api.create('deployments.apps', deployment('web', 2))
    await cluster.until('ready', () => readyPods(cluster).length === 2)
    cluster.kubernetes.kubelets.stopNode('node-1')
    const ready = () =>
      (cluster.api.get('nodes', '', 'node-1') as unknown as Pod)?.status.conditions?.find(
        ({ type }) => type === 'Ready',
      )
    await cluster.until('unknown', () => ready()?.status === 'Unknown')
    expect(ready()).toMatchObject({
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    })
    await cluster.until(
      'moved',
      () => cluster.pods().filter((pod) => isReady(pod) && pod.spec.nodeName === 'node-2').length === 2,
      400_000,
    )
    const stuck = cluster.pods().filter((pod) => pod.spec.nodeName === 'node-1')
    expect(stuck).toHaveLength(1)
    expect(stuck[0]!.metadata.deletionTimestamp).toBeDefined()
    cluster.kubernetes.kubelets.removeNode('node-1')
    await cluster.until('collected', () => cluster.pods().length === 2)
  })

  it('that is deleted stays away, and its pods with it, until its kubelet starts anew', async () => {
    cluster = await testCluster({ nodes: 1 })
    const { api, kubernetes } = cluster
    api.create('deployments.apps', deployment('web', 1))
    await cluster.until('ready', () => readyPods(cluster).length === 1)
    api.delete('nodes', '', 'node-1')
    await cluster.world.advance(120_000)
    expect(api.list('nodes')).toEqual([])
    expect(cluster.events('node-1')).toContain(
      'RemovingNode: Node node-1 event: Removing Node node-1 from Controller',
    )
    expect(readyPods(cluster)).toEqual([])
    kubernetes.kubelets.attendNode('node-1', false)
    kubernetes.kubelets.attendNode('node-1', true)
    await cluster.until('ready again', () => readyPods(cluster).length === 1)
    api.delete('nodes', '', 'node-1')
    await cluster.world.advance(0)
    kubernetes.kubelets.stopNode('node-1')
    cluster.addNode('node-1')
    await cluster.until('back', () => api.list('nodes').length === 1)
  })

  it('that comes back restarts its pods with their names and addresses', async () => {
    cluster = await testCluster({ nodes: 1 })
    cluster.api.create('deployments.apps', deployment('web', 1))
    await cluster.until('ready', () => readyPods(cluster).length === 1)
    const [before] = cluster.pods()
    cluster.close()
    cluster = await testCluster({ store: cluster.world.store, now: cluster.world.clock.now() })
    await cluster.until('ready', () => readyPods(cluster).length === 1)
    const [after] = cluster.pods()
    expect(after!.metadata.uid).toBe(before!.metadata.uid)
    expect(after!.status.podIP).toBe(before!.status.podIP)
    expect(after!.status.containerStatuses![0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 255, reason: 'Unknown' } },
    })
    expect(cluster.pods()).toHaveLength(1)
  })
})

describe('a pod that names its node itself', () => {
  const asks = (name: string, cpu: string) =>
    cluster.api.create('pods', pod(name, { resources: { requests: { cpu } } }, { nodeName: 'node-1' }))
  const refused = async (name: string) => {
    await cluster.until('refused', () => status(name)?.phase === 'Failed')
    return status(name).message
  }

  it('is refused for what those there have asked for, and taken when one of them has gone', async () => {
    cluster = await testCluster({ nodes: 1 })
    for (const name of ['a', 'b']) asks(name, '1500m')
    await cluster.until('ready', () => readyPods(cluster).length === 2)
    asks('c', '1500m')
    const full =
      "Pod was rejected: Node didn't have enough resource: cpu, requested: 1500, used: 3000, capacity: 4000"
    expect(await refused('c')).toBe(full)
    asks('d', '1')
    await cluster.until('ready', () => isReady(cluster.pod('d')))
    cluster.api.delete('pods', 'default', 'a')
    await cluster.until('gone', () => !cluster.pod('a'))
    asks('e', '2')
    expect(await refused('e')).toBe(full.replace('1500', '2000').replace('3000', '2500'))
    asks('f', '1500m')
    await cluster.until('ready', () => isReady(cluster.pod('f')))
  })
})
