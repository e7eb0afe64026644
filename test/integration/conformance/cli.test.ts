import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Json, workbench } from './workbench.ts'

// Conformance of sig-cli, with the real kubectl. Each `it` is named after the testname of test/conformance/testdata/conformance.yaml
// (kubernetes/kubernetes, 1.35).

const bench = workbench(2)
const AGNHOST = 'registry.k8s.io/e2e-test-images/agnhost:2.53'

let space: string
let core: string
beforeAll(async () => {
  const made = await bench.namespace()
  space = made.name
  core = made.core
  await bench.cluster.kubectl(`config set-context --current --namespace=${space}`)
})
const kubectl = (command: string, input?: object) =>
  bench.cluster.kubectl(command, input && JSON.stringify(input))
const running = (name: string) =>
  bench.until(`${core}/pods/${name}`, (pod) => pod?.status.phase === 'Running')

const controller = (name: string, replicas: number, args: string[], port: number) => ({
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name },
  spec: {
    replicas,
    selector: { app: name },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name, image: AGNHOST, args, ports: [{ containerPort: port }] }],
      },
    },
  },
})
const ready = (name: string, replicas: number) =>
  bench.until(
    `${core}/replicationcontrollers/${name}`,
    ({ status }) => (status.readyReplicas ?? 0) === replicas && status.replicas === replicas,
  )

describe('kubectl', () => {
  it('Kubectl, check version v1', async () => {
    expect((await kubectl('api-versions')).split('\n')).toContain('v1')
  })

  it('Kubectl, cluster info', async () => {
    expect(await kubectl('cluster-info')).toMatch(
      /Kubernetes control plane.* is running at .*https:\/\/127\.0\.0\.1:\d+/,
    )
  })

  it('Kubectl, version', async () => {
    const { clientVersion, serverVersion } = JSON.parse(await kubectl('version -o json'))
    for (const version of [clientVersion, serverVersion])
      for (const field of [
        'major',
        'minor',
        'gitVersion',
        'gitCommit',
        'gitTreeState',
        'buildDate',
        'goVersion',
        'compiler',
        'platform',
      ])
        expect(version[field], field).toBeTruthy()
  })

  it('Kubectl, run pod', async () => {
    await kubectl('run httpd --image=nginx:1.29 --restart=Never --pod-running-timeout=2m0s')
    const { spec } = await bench.get(`${core}/pods/httpd`)
    expect(spec.containers[0].image).toBe('nginx:1.29')
    expect(spec.restartPolicy).toBe('Never')
  })

  it('Kubectl, replace', async () => {
    await kubectl('run replaced --image=nginx:1.29 --labels=run=replaced')
    await running('replaced')
    const pod = JSON.parse(await kubectl('get pod replaced -o json'))
    pod.spec.containers[0].image = 'busybox:1.37'
    await kubectl('replace -f -', pod)
    expect((await bench.get(`${core}/pods/replaced`)).spec.containers[0].image).toBe('busybox:1.37')
    const { uid } = pod.metadata
    await kubectl('replace --force --grace-period=0 -f -', pod)
    expect((await bench.get(`${core}/pods/replaced`)).metadata.uid).not.toBe(uid)
    await kubectl('delete pod replaced --now')
  })

  it('Kubectl, server-side dry-run Pod', async () => {
    await kubectl('run dry --image=nginx:1.29 --labels=run=dry')
    const patch = '{"spec":{"containers":[{"name":"dry","image":"busybox:1.37"}]}}'
    expect(await kubectl(`patch pod dry -p ${patch} --dry-run=server`)).toBe('pod/dry patched\n')
    expect((await bench.get(`${core}/pods/dry`)).spec.containers[0].image).toBe('nginx:1.29')
  })

  it('Kubectl, diff Deployment', async () => {
    const deployment = (image: string) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'diffed' },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'diffed' } },
        template: {
          metadata: { labels: { app: 'diffed' } },
          spec: { containers: [{ name: 'main', image }] },
        },
      },
    })
    await kubectl('create -f -', deployment('nginx:1.29'))
    const { code, stdout } = await bench.cluster.run(['diff', '-f', '-'], {
      input: JSON.stringify(deployment('busybox:1.37')),
    })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^-\s+- image: nginx:1\.29\n\+\s+- image: busybox:1\.37$/m)
    await kubectl('delete deployment diffed')
  })

  it('Kubectl, label update', async () => {
    await kubectl('run labelled --image=registry.k8s.io/pause:3.10')
    await kubectl('label pods labelled testing-label=testing-label-value')
    expect(await kubectl('get pod labelled -L testing-label')).toContain('testing-label-value')
    await kubectl('label pods labelled testing-label-')
    expect(await kubectl('get pod labelled -L testing-label')).not.toContain('testing-label-value')
    expect(await kubectl('get pods -l testing-label -o name')).toBe('')
  })

  it('Kubectl, replication controller', async () => {
    await kubectl('create -f -', controller('update-demo', 2, ['netexec', '--http-port=8080'], 8080))
    await ready('update-demo', 2)
    const names = (await kubectl('get pods -l app=update-demo -o name')).trim().split('\n')
    expect(names).toHaveLength(2)
    const template = '{{range.status.containerStatuses}}{{.state.running.startedAt}}{{end}}'
    for (const name of names)
      expect(await kubectl(`get ${name} -o template --template=${template}`)).toMatch(/^\d{4}-/)
  })

  it('Kubectl, scale replication controller', async () => {
    await kubectl('scale rc update-demo --replicas=1')
    await ready('update-demo', 1)
    await kubectl('scale rc update-demo --replicas=2')
    await ready('update-demo', 2)
    await kubectl('delete rc update-demo --now')
    await bench.until(`${core}/pods?labelSelector=app%3Dupdate-demo`, ({ items }) => items.length === 0)
  })

  it('Kubectl, create service, replication controller', async () => {
    await kubectl('create -f -', controller('agnhost-primary', 1, ['netexec', '--http-port=6379'], 6379))
    await ready('agnhost-primary', 1)
    await kubectl('expose rc agnhost-primary --name=rm2 --port=1234 --target-port=6379')
    await kubectl('expose service rm2 --name=rm3 --port=2345 --target-port=6379')
    for (const [name, port] of [
      ['rm2', 1234],
      ['rm3', 2345],
    ] as const) {
      const { spec } = await bench.get(`${core}/services/${name}`)
      expect(spec.ports[0]).toMatchObject({ port, targetPort: 6379 })
      const { subsets } = await bench.until(`${core}/endpoints/${name}`, (endpoints) => endpoints?.subsets)
      expect(subsets[0].ports[0].port).toBe(6379)
    }
  })

  it('Kubectl, patch to annotate', async () => {
    const names = (await kubectl('get pods -l app=agnhost-primary -o name')).trim().split('\n')
    for (const name of names) {
      await kubectl(`patch ${name} -p {"metadata":{"annotations":{"x":"y"}}}`)
      expect(await kubectl(`get ${name} -o jsonpath={.metadata.annotations.x}`)).toBe('y')
    }
  })

  it('Kubectl, describe pod or rc', async () => {
    const [name] = (await kubectl('get pods -l app=agnhost-primary -o name')).trim().split('\n')
    const pod = await kubectl(`describe ${name}`)
    for (const line of [
      /^Name:\s+agnhost-primary-/m,
      new RegExp(`^Namespace:\\s+${space}$`, 'm'),
      /^Node:\s+node-/m,
      /^Labels:\s+app=agnhost-primary$/m,
      /^Status:\s+Running$/m,
      /^IP:/m,
      /^Controlled By:\s+ReplicationController\/agnhost-primary$/m,
      /^\s+State:\s+Running$/m,
      new RegExp(`^\\s+Image:\\s+${AGNHOST}$`, 'm'),
    ])
      expect(pod).toMatch(line)
    const rc = await kubectl('describe rc agnhost-primary')
    for (const line of [
      /^Selector:\s+app=agnhost-primary$/m,
      /^Replicas:\s+1 current \/ 1 desired$/m,
      /^Pods Status:\s+1 Running \/ 0 Waiting \/ 0 Succeeded \/ 0 Failed$/m,
      /SuccessfulCreate/,
    ])
      expect(rc).toMatch(line)
    expect(await kubectl('describe service rm2')).toMatch(
      /^Type:\s+ClusterIP\n[\s\S]*^Endpoints:\s+10\.0\.0\.\d+:6379$/m,
    )
    const node = await kubectl('describe node node-1')
    for (const line of [
      /^Name:\s+node-1$/m,
      /^Labels:/m,
      /^Annotations:/m,
      /^CreationTimestamp:/m,
      /^Conditions:/m,
      /MemoryPressure/,
      /DiskPressure/,
      /PIDPressure/,
      /^Addresses:/m,
      /^Capacity:/m,
      /^\s+OS Image:/m,
      /^Non-terminated Pods:/m,
    ])
      expect(node).toMatch(line)
    expect(await kubectl(`describe namespace ${space}`)).toMatch(/^Status:\s+Active$/m)
  })

  it('Kubectl, logs', async () => {
    const script = 'for i in 1 2 3 4 5 6 7 8 9; do echo "line $i"; done; sleep 10000'
    await kubectl('create -f -', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'logs' },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'logs', image: 'busybox', command: ['sh', '-c', script] }],
      },
    })
    await running('logs')
    await bench.until(`${core}/pods/logs/log`, (log) => log.includes('line 9'))
    expect(await kubectl('logs logs logs --tail=1')).toBe('line 9\n')
    expect(await kubectl('logs logs logs --limit-bytes=1')).toBe('l')
    expect(await kubectl('logs logs logs --tail=1 --timestamps')).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z line 9\n$/,
    )
    await bench.advance(2500)
    expect(await kubectl('logs logs logs --since=1s')).toBe('')
    expect((await kubectl('logs logs logs --since=24h')).split('\n')).toHaveLength(10)
  })

  it('Kubectl, guestbook application', async () => {
    const part = (name: string, replicas: number, port: number, args: string[]) => [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name },
        spec: {
          replicas,
          selector: { matchLabels: { part: name } },
          template: {
            metadata: { labels: { part: name } },
            spec: {
              terminationGracePeriodSeconds: 0,
              containers: [{ name: 'main', image: AGNHOST, args, ports: [{ containerPort: port }] }],
            },
          },
        },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name },
        spec: { ports: [{ port }], selector: { part: name } },
      },
    ]
    const items = [
      ...part('frontend', 3, 80, ['guestbook', '--backend-port', '6379']),
      ...part('agnhost-primary', 1, 6379, ['guestbook', '--http-port', '6379']),
      ...part('agnhost-replica', 2, 6379, [
        'guestbook',
        '--replicaof',
        'agnhost-primary',
        '--http-port',
        '6379',
      ]),
    ]
    await kubectl('create -f -', { apiVersion: 'v1', kind: 'List', items })
    for (const [name, replicas] of [
      ['frontend', 3],
      ['agnhost-primary', 1],
      ['agnhost-replica', 2],
    ] as const)
      await bench.until(
        `/apis/apps/v1/namespaces/${space}/deployments/${name}`,
        ({ status }) => status.readyReplicas === replicas,
      )
    const ask = async (query: string) =>
      JSON.parse(await bench.get(`${core}/services/frontend/proxy/guestbook?${query}`))
    const logs = async () => kubectl('logs -l part=agnhost-primary')
    while (((await logs()).match(/registered/g) ?? []).length < 2) await bench.advance(500)
    expect(await ask('cmd=get&key=messages')).toEqual({ data: '' })
    expect(await ask('cmd=set&key=messages&value=TestEntry')).toEqual({ message: 'Updated' })
    for (let time = 0; time < 4; time++)
      expect(await ask('cmd=get&key=messages')).toEqual({ data: 'TestEntry' })
    await kubectl('delete deployment,service frontend agnhost-primary agnhost-replica')
  })

  /** What a proxy of kubectl answers under `/api/`; `options` say where it listens. */
  async function proxied(args: string[], where: (said: string) => Json): Promise<Json> {
    const { program, env, folder } = bench.cluster
    const child = spawn(program, ['proxy', ...args], { env, cwd: folder })
    try {
      const [said] = await once(child.stdout, 'data')
      const req = request({ ...where(String(said)), path: '/api/' })
      req.end()
      const [answer] = await once(req, 'response')
      return JSON.parse(await text(answer))
    } finally {
      child.kill()
    }
  }

  it('Kubectl, proxy port zero', async () => {
    const { versions } = await proxied(['-p', '0', '--disable-filter'], (said) => ({
      host: '127.0.0.1',
      port: Number(/:(\d+)/.exec(said)![1]),
    }))
    expect(versions).toContain('v1')
  })

  it('Kubectl, proxy socket', async () => {
    const socketPath = join(bench.cluster.folder, 'proxy.sock')
    const { versions } = await proxied([`--unix-socket=${socketPath}`], () => ({ socketPath }))
    expect(versions).toContain('v1')
  })
})
