import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { BlobStore } from '#containers/blobs/store.ts'
import { Catalogue } from '#containers/catalogue/catalogue.ts'
import { LayerTrees } from '#containers/files/layers.ts'
import { DockerHub } from '#containers/hub/docker-hub.ts'
import { createImagePuller } from '#containers/images/puller.ts'
import { createContainerRuntime } from '#containers/processes/runtime.ts'
import type { KubernetesObject } from '#kubernetes/api.ts'
import type { ConfigMap, Node, Service } from '#kubernetes/objects.ts'
import { isReady } from '#kubernetes/pods.ts'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import type { World } from '#world/world.ts'
import { pod, type TestCluster, testCluster } from './test-cluster.ts'

let folder: string
let blobs: BlobStore
let cluster: TestCluster
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubelet-'))
  blobs = await BlobStore.open(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))
afterEach(() => cluster.close())

async function containers(world: World, network: VirtualNetwork) {
  const hub = new DockerHub({ world, blobs, catalogue: new Catalogue(blobs) })
  return {
    runtime: createContainerRuntime({ clock: world.clock, network, trees: new LayerTrees(blobs) }),
    images: createImagePuller({ hosts: hub, blobs }),
  }
}

async function exec(name: string, command: string[]) {
  const child = await cluster.kubernetes.kubelets.exec('default', name, { command, tty: false, stdin: false })
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  const { exitCode } = await child.exited
  return { output: (await output).join(''), exitCode }
}

const isUp = (name: string) => () => isReady(cluster.pod(name))

describe('real images', () => {
  it('pods see the network of their node’s plug-in, and their mounts', async () => {
    cluster = await testCluster({ containers })
    cluster.api.create('secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'key', namespace: 'default' },
    })
    const start = async (name: string, more = {}) => {
      const box = {
        image: 'busybox:1.37',
        command: ['sleep', '1h'],
        volumeMounts: [{ name: 'key', mountPath: '/key', readOnly: true }],
      }
      const made = pod(name, box, { volumes: [{ name: 'key', secret: { secretName: 'key' } }], ...more })
      cluster.api.create('pods', made)
      await cluster.until(name, () => cluster.pod(name)?.status.phase === 'Running')
      return cluster.pod(name).status.podIP!
    }
    const sh = async (name: string, script: string) => (await exec(name, ['sh', '-c', script])).output
    const address = await start('a')
    expect(await sh('a', 'ip -4 a show eth0; ip route; route -n | tail -n 1')).toMatch(
      new RegExp(
        `^3: eth0@if\\d+: <.*> mtu 9001 qdisc noqueue state UP \n {4}inet ${address}/32 scope global eth0\n.*\n` +
          'default via 169.254.1.1 dev eth0 \n169.254.1.1 dev eth0 scope link \n' +
          '169.254.1.1     0.0.0.0         255.255.255.255 UH    0      0        0 eth0\n$',
      ),
    )
    const all = await sh('a', 'ip a; mount')
    const [, mac] = /link\/ether (\S+) brd/.exec(all)!
    expect(all).toMatch(/inet6 fe80::[0-9a-f:]+\/64 scope link \n/)
    expect(Number.parseInt(mac!, 16) & 3).toBe(2)
    expect(all).toContain('tmpfs on /key type tmpfs (ro,relatime)\n')
    expect(all).toContain('/dev/nvme0n1p1 on /etc/hosts type xfs (rw,')

    const node = cluster.api.get<Node>('nodes', '', cluster.pod('a').spec.nodeName!)!
    cluster.api.update('nodes', { ...node, spec: { ...node.spec, podCIDR: '10.244.1.0/24' } })
    expect(await sh('a', 'ip route')).toBe(
      `default via 10.244.1.1 dev eth0 \n10.244.1.0/24 via 10.244.1.1 dev eth0  src ${address} \n10.244.1.1 dev eth0 scope link  src ${address} \n`,
    )
    await start('h', { hostNetwork: true })
    expect(await sh('h', 'ip a')).toContain("interfaces of this container's network are not simulated")
  })

  it('nginx serves the files of a volume, logs its requests and stops when told', async () => {
    cluster = await testCluster({ containers })
    const page: ConfigMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'page', namespace: 'default' },
      data: { 'index.html': '<h1>hello</h1>' },
    }
    cluster.api.create('configmaps', page)
    const container = {
      image: 'nginx:1.27',
      ports: [{ containerPort: 80 }],
      readinessProbe: { httpGet: { path: '/', port: 80 } },
      livenessProbe: { exec: { command: ['cat', '/usr/share/nginx/html/index.html'] } },
      volumeMounts: [{ name: 'page', mountPath: '/usr/share/nginx/html' }],
    }
    cluster.api.create(
      'pods',
      pod('web', container, { volumes: [{ name: 'page', configMap: { name: 'page' } }] }),
    )
    cluster.api.create('services', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    } as KubernetesObject)
    await cluster.until('ready', isUp('web'))
    const { clusterIP } = cluster.api.get<Service>('services', 'default', 'web')!.spec
    const socket = cluster.network.connect(
      { address: clusterIP!, port: 80 },
      { address: '192.168.0.1', port: 4000 },
    )
    socket.write('GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n')
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*<h1>hello<\/h1>$/)
    const log = await text(await cluster.kubernetes.kubelets.logs('default', 'web', {}))
    expect(log).toMatch(/^192\.168\.0\.1 - - \[.*\] "GET \/ HTTP\/1\.1" 200 /m)
    expect(log).toMatch(/"kube-probe\/1\.35"/)
    await cluster.world.advance(60_000)
    expect(cluster.pod('web').status.containerStatuses![0]!.restartCount).toBe(0)
    cluster.api.delete('pods', 'default', 'web')
    await cluster.until('gone', () => !cluster.pod('web'), 5000)
  })

  it('a shell has its variables, its token and the cluster DNS', async () => {
    cluster = await testCluster({ containers })
    const env = [{ name: 'GREETING', value: 'hello' }]
    cluster.api.create(
      'pods',
      pod('box', {
        image: 'busybox:1.36',
        env,
        command: ['sh', '-c', 'echo $GREETING from $(hostname); sleep 3600'],
      }),
    )
    await cluster.until('ready', isUp('box'))
    const [line] = await once(
      await cluster.kubernetes.kubelets.logs('default', 'box', { follow: true }),
      'data',
    )
    expect(String(line)).toBe('hello from box\n')
    expect(await exec('box', ['cat', '/var/run/secrets/kubernetes.io/serviceaccount/namespace'])).toEqual({
      output: 'default',
      exitCode: 0,
    })
    expect((await exec('box', ['cat', '/etc/resolv.conf'])).output).toBe(
      'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.100.0.10\noptions ndots:5\n',
    )
    expect(await exec('box', ['sh', '-c', 'exit 3'])).toEqual({ output: '', exitCode: 3 })
    await expect(exec('box', ['nope'])).rejects.toThrow('executable file not found in $PATH')
  })

  it('a container that ends restarts, and shows its message', async () => {
    cluster = await testCluster({ containers })
    const command = ['sh', '-c', 'echo gone wrong > /dev/termination-log; exit 7']
    cluster.api.create('pods', pod('bad', { image: 'busybox:1.36', command }, { restartPolicy: 'Never' }))
    await cluster.until('failed', () => cluster.pod('bad').status.phase === 'Failed')
    expect(cluster.pod('bad').status.containerStatuses![0]!.state!.terminated).toMatchObject({
      exitCode: 7,
      reason: 'Error',
      message: 'gone wrong\n',
    })
  })

  it('an image that does not exist gives the registry’s answer', async () => {
    cluster = await testCluster({ containers })
    cluster.api.create('pods', pod('typo', { image: 'ngnix:1.27' }))
    await cluster.until(
      'back-off',
      () => cluster.pod('typo').status.containerStatuses?.[0]?.state?.waiting?.reason === 'ImagePullBackOff',
    )
    expect(cluster.events('typo')).toContainEqual(
      'Failed: Failed to pull image "ngnix:1.27": failed to pull and unpack image "docker.io/library/ngnix:1.27": failed to resolve reference "docker.io/library/ngnix:1.27": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
    )
  })
})
