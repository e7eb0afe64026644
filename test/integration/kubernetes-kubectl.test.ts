import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { KubeConfig, PortForward } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster()
  await cluster.kubectl('wait --for=condition=Ready node --all --timeout=30s')
})
afterAll(() => cluster.close())

const kubectl = (command: string, input?: string) => cluster.kubectl(command, input)
/** What a failing command prints. */
const failure = async (command: string, input?: string, user?: string) => {
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2]!)
  const output = await cluster.run(words, { ...(input !== undefined && { input }), ...(user && { user }) })
  expect(output.code, output.stdout).not.toBe(0)
  return output.stderr
}

const manifest = (name: string, replicas: number, image = 'nginx:1.29') => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      containers:
      - name: web
        image: ${image}
        ports: [{containerPort: 80}]
        resources: {requests: {cpu: 0.1}, limits: {memory: 1024Mi}}
---
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec:
  selector: {app: ${name}}
  ports: [{port: 80}]
`

describe('discovery', () => {
  it('lists resources and versions', async () => {
    const resources = await kubectl('api-resources')
    expect(resources).toMatch(/^deployments +deploy +apps\/v1 +true +Deployment$/m)
    expect(resources).toMatch(/^namespaces +ns +v1 +false +Namespace$/m)
    expect(await kubectl('api-resources --api-group=batch -o name')).toBe('cronjobs.batch\njobs.batch\n')
    expect(await kubectl('api-versions')).toContain('rbac.authorization.k8s.io/v1\n')
    expect(await kubectl('version')).toContain('Server Version: v1.35.2-eks-1234567')
    expect(await kubectl('get --raw /readyz')).toBe('ok')
  })

  it('explains fields with their text', async () => {
    const text = await kubectl('explain deployment.spec.replicas')
    expect(text).toMatch(/KIND: +Deployment\nVERSION: +v1\n\nFIELD: replicas <integer>/)
    expect(text).toContain('Number of desired pods.')
    expect(await kubectl('explain deployment.spec.strategy')).toContain(
      'The deployment strategy to use to replace existing pods with new ones.',
    )
    expect(await kubectl('explain pod.spec --recursive')).toContain('imagePullPolicy\t<string>')
  })

  it('names what does not exist', async () => {
    expect(await failure('get widgets')).toBe(`error: the server doesn't have a resource type "widgets"\n`)
    expect(await failure('get deploy nope')).toBe(
      'Error from server (NotFound): deployments.apps "nope" not found\n',
    )
    expect(await failure('get --raw /apis/x/v1/y')).toContain(
      'the server could not find the requested resource',
    )
  })
})

describe('a deployment', () => {
  it('is applied, shown, changed and rolled back', async () => {
    await writeFile(join(cluster.folder, 'web.yaml'), manifest('web', 2))
    expect(await kubectl('apply -f web.yaml')).toBe('deployment.apps/web created\nservice/web created\n')
    expect(await kubectl('rollout status deploy/web')).toContain('successfully rolled out')
    const table = await kubectl('get deploy web -o wide')
    expect(table).toMatch(/^NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR$/m)
    expect(table).toMatch(/^web +2\/2 +2 +2 +\d+s +web +nginx:1.29 +app=web$/m)
    expect(await kubectl('get svc web')).toMatch(
      /^web +ClusterIP +10\.100\.\d+\.\d+ +<none> +80\/TCP +\d+s$/m,
    )
    const resources = await kubectl(
      `get deploy web -o 'jsonpath={.spec.template.spec.containers[0].resources}'`,
    )
    expect(JSON.parse(resources)).toEqual({ limits: { memory: '1Gi' }, requests: { cpu: '100m' } })

    await writeFile(join(cluster.folder, 'web.yaml'), manifest('web', 3))
    const diff = await cluster.run(['diff', '-f', 'web.yaml'])
    expect(diff).toMatchObject({ code: 1, stdout: expect.stringContaining('+  replicas: 3') })
    expect(await kubectl('apply -f web.yaml --dry-run=server')).toContain('configured (server dry run)')
    expect(await kubectl(`get deploy web -o 'jsonpath={.spec.replicas}'`)).toBe('2')
    await kubectl('apply -f web.yaml')
    expect(await kubectl('scale deploy web --replicas=1')).toBe('deployment.apps/web scaled\n')

    await kubectl('set image deploy/web web=nginx:1.28')
    await kubectl('rollout status deploy/web')
    expect(await kubectl('rollout history deploy/web')).toMatch(/^1 +<none>\n2 +<none>$/m)
    await kubectl('rollout undo deploy/web')
    await kubectl('rollout status deploy/web')
    expect(await kubectl(`get deploy web -o 'jsonpath={.spec.template.spec.containers[*].image}'`)).toBe(
      'nginx:1.29',
    )
    await kubectl('rollout pause deploy/web')
    expect(await failure('rollout restart deploy/web')).toContain("can't restart paused deployment")
    await kubectl('rollout resume deploy/web')
    expect(await kubectl('rollout restart deploy/web')).toBe('deployment.apps/web restarted\n')
    await kubectl('rollout status deploy/web')
    const described = await kubectl('describe deploy web')
    expect(described).toMatch(/StrategyType: +RollingUpdate/)
    expect(described).toMatch(/ScalingReplicaSet .* deployment-controller +Scaled up replica set web-\w+/)
    expect(await kubectl('delete -f web.yaml')).toBe(
      'deployment.apps "web" deleted from default namespace\nservice "web" deleted from default namespace\n',
    )
    await kubectl('wait --for=delete pod -l app=web --timeout=40s')
    expect(await kubectl('get rs,pods -l app=web -o name')).toBe('')
  })

  it('is made, exposed, labelled and patched by commands', async () => {
    expect(await kubectl('create deployment hello --image=nginx --replicas=2 --port=80')).toBe(
      'deployment.apps/hello created\n',
    )
    expect(await kubectl('expose deployment hello --type=LoadBalancer --port=80')).toBe(
      'service/hello exposed\n',
    )
    await kubectl(`wait '--for=jsonpath={.status.loadBalancer.ingress}' svc/hello --timeout=30s`)
    expect(await kubectl('get svc hello')).toMatch(
      /^hello +LoadBalancer +\S+ +lb-hello\.us-east-1\.elb\.amazonaws\.com +80:3\d{4}\/TCP/m,
    )
    await kubectl('label deploy hello tier=front')
    await kubectl('annotate deploy hello note=x')
    expect(await kubectl('get deploy -l tier=front -o name')).toBe('deployment.apps/hello\n')
    await kubectl(`patch deploy hello -p '{"spec":{"replicas":1}}'`)
    await kubectl(`patch deploy hello --type=merge -p '{"metadata":{"labels":{"tier":null}}}'`)
    await kubectl(
      `patch deploy hello --type=json -p '[{"op":"test","path":"/spec/replicas","value":1},{"op":"replace","path":"/spec/replicas","value":2}]'`,
    )
    expect(await kubectl(`get deploy hello -o 'jsonpath={.spec.replicas} {.metadata.labels}'`)).toBe(
      '2 {"app":"hello"}',
    )
    await kubectl('delete deploy,svc hello')
  })

  it('is applied by the server, with owners of its fields', async () => {
    await writeFile(join(cluster.folder, 'ssa.yaml'), manifest('ssa', 1))
    await kubectl('apply --server-side -f ssa.yaml')
    await kubectl('scale deploy ssa --replicas=2')
    await writeFile(join(cluster.folder, 'ssa.yaml'), manifest('ssa', 3))
    expect(await failure('apply --server-side -f ssa.yaml')).toContain(
      'Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas',
    )
    await kubectl('apply --server-side --force-conflicts -f ssa.yaml')
    expect(
      await kubectl(
        `get deploy ssa -o 'jsonpath={.spec.replicas} {.spec.template.spec.containers[*].ports}'`,
      ),
    ).toBe('3 [{"containerPort":80,"protocol":"TCP"}]')
    await kubectl('delete -f ssa.yaml')
  })
})

describe('a pod', () => {
  it('runs commands, prints logs, forwards ports', async () => {
    await kubectl('run page --image=nginx')
    await kubectl('wait --for=condition=Ready pod/page --timeout=40s')
    expect(await kubectl('get pod page')).toMatch(/^page +1\/1 +Running +0 +\d+s$/m)
    expect(await kubectl('exec page -- cat /etc/hostname')).toBe('page\n')
    expect(await kubectl('exec -i page -- cat', 'typed\n')).toBe('typed\n')
    const failed = await cluster.run(['exec', 'page', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3'])
    expect(failed).toEqual({
      code: 3,
      stdout: 'out\n',
      stderr: 'err\ncommand terminated with exit code 3\n',
    })
    expect(await failure('exec page -c nope -- ls')).toBe(
      'Error from server (BadRequest): container nope is not valid for pod page\n',
    )
    expect(await forwarded('page')).toContain('Welcome to nginx!')
    expect(await forwardedByClient('page', 80)).toContain('Welcome to nginx!')
    expect(await forwardedByClient('page', 81)).toContain('connect: connection refused')
    expect(await kubectl('logs page')).toContain('"GET / HTTP/1.1" 200')
    expect(await kubectl('describe pod page')).toMatch(/Normal +Started .* kubelet/)
    await kubectl('delete pod page')
    expect(await failure('get pod page')).toBe('Error from server (NotFound): pods "page" not found\n')
  })

  it('is watched while it comes and goes', async () => {
    await kubectl('run seen --image=busybox -- sleep 100')
    const watch = spawnKubectl(['get', 'pods', '-w', '--output-watch-events'])
    await watch.until(/^ADDED +seen +\d\/1/m)
    await watch.until(/ seen +1\/1 +Running/)
    await kubectl('label pod seen eyes=two')
    await watch.until(/^MODIFIED +seen +1\/1 +Running/m)
    await kubectl('delete pod seen --now')
    await watch.until(/^DELETED +seen/m)
    watch.stop()
  })
})

describe('refusals', () => {
  it('says what is wrong with an object, field by field', async () => {
    const bad = manifest('Bad_Name', -1).split('---')[0]!.replace('containerPort: 80', 'containerPort: 70000')
    const text = await failure('create -f -', bad)
    expect(text).toContain('The Deployment "Bad_Name" is invalid:')
    expect(text).toContain(
      '* metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of',
    )
    expect(text).toContain('* spec.replicas: Invalid value: -1: must be greater than or equal to 0')
    expect(text).toContain(
      '* spec.template.spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    )
  })

  it('refuses unknown fields and wrong types', async () => {
    const typo = manifest('typo', 1).split('---')[0]!
    expect(await failure('create -f -', typo.replace('replicas', 'replcas'))).toContain(
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.replcas"',
    )
    expect(await failure('create -f -', typo.replace('replicas: 1', 'replicas: one'))).toContain(
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    )
  })

  it('keeps what may not change, and what is there already', async () => {
    await kubectl('create deployment fixed --image=nginx')
    expect(await failure('create deployment fixed --image=nginx')).toBe(
      'error: failed to create deployment: deployments.apps "fixed" already exists\n',
    )
    expect(
      await failure(`patch deploy fixed -p '{"spec":{"selector":{"matchLabels":{"x":"z"}}}}'`),
    ).toContain('field is immutable')
    await kubectl('delete deploy fixed')
    expect(await failure('delete ns default')).toBe(
      'Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted\n',
    )
    expect(await failure('create cm x -n nowhere')).toBe(
      'error: failed to create configmap: namespaces "nowhere" not found\n',
    )
    expect(await failure('create service nodeport n --tcp=80 --node-port=80')).toContain(
      'The range of valid ports is 30000-32767',
    )
  })

  it('lets users do what their roles allow', async () => {
    expect(await failure('get pods', undefined, 'alice')).toBe(
      'Error from server (Forbidden): pods is forbidden: User "alice" cannot list resource "pods" in API group "" in the namespace "default"\n',
    )
    expect(await failure('get nodes', undefined, 'nobody')).toBe(
      'error: You must be logged in to the server (Unauthorized)\n',
    )
    await kubectl('create rolebinding alice --clusterrole=view --user=alice')
    expect((await cluster.run(['auth', 'can-i', 'list', 'pods'], { user: 'alice' })).stdout).toBe('yes\n')
    expect((await cluster.run(['auth', 'can-i', 'delete', 'pods'], { user: 'alice' })).stdout).toBe('no\n')
    expect(await kubectl('auth can-i get secrets --as alice').catch(String)).toContain('no')
    expect((await cluster.run(['auth', 'whoami'], { user: 'alice' })).stdout).toMatch(
      /Username +alice\nGroups +\[developers system:authenticated\]/,
    )
    const token = (await kubectl('create token default')).trim()
    const me = await cluster.run(['auth', 'whoami', '--token', token, '--kubeconfig', await withoutUser()])
    expect(me.stdout).toContain('system:serviceaccount:default:default')
    // pkg/registry/core/serviceaccount/storage/token.go
    await kubectl('create secret generic session')
    const bind = 'create token default --bound-object-kind=Secret --bound-object-name'
    const claims = (await kubectl(`${bind}=session`)).split('.')[1]!
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())['kubernetes.io'].secret).toEqual({
      name: 'session',
      uid: await kubectl('get secret session -o jsonpath={.metadata.uid}'),
    })
    expect(await failure(`${bind}=gone`)).toBe('error: failed to create token: secrets "gone" not found\n')
    expect(await failure(`${bind}=session --bound-object-uid=0`)).toContain(
      'Operation cannot be fulfilled on Secret "session": the UID in the bound object reference (0) does not match the UID in record.',
    )
  })
})

describe('a namespace', () => {
  it('goes with all that is in it', async () => {
    await kubectl('create ns shop')
    await kubectl('create deployment web --image=nginx -n shop')
    await kubectl('create configmap settings --from-literal=a=b -n shop')
    await kubectl('delete ns shop --timeout=60s')
    expect(await failure('get ns shop')).toBe('Error from server (NotFound): namespaces "shop" not found\n')
  })
})

/** A kubeconfig whose user has no credentials of its own. */
async function withoutUser(): Promise<string> {
  const path = join(cluster.folder, 'bare')
  const server = { server: cluster.url, 'certificate-authority': join(cluster.folder, 'ca.crt') }
  await writeFile(
    path,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'bare',
      clusters: [{ name: 'test', cluster: server }],
      contexts: [{ name: 'bare', context: { cluster: 'test', user: '' } }],
    }),
  )
  return path
}

/** A kubectl that keeps running, and what it has printed. */
function spawnKubectl(args: string[]) {
  const child = spawn(cluster.program, args, { env: cluster.env, cwd: cluster.folder })
  let output = ''
  const changed = new EventTarget()
  child.stdout.on('data', (data) => {
    output += data
    changed.dispatchEvent(new Event('data'))
  })
  return {
    async until(pattern: string | RegExp): Promise<string> {
      while (!output.match(pattern)) await once(changed, 'data', { signal: AbortSignal.timeout(40_000) })
      return output
    },
    stop: () => child.kill(),
  }
}

/** What a pod's port 80 answers through `kubectl port-forward`. */
async function forwarded(pod: string): Promise<string> {
  const forward = spawnKubectl(['port-forward', pod, ':80'])
  const text = await forward.until(/Forwarding from 127.0.0.1:(\d+)/)
  const port = text.match(/127.0.0.1:(\d+)/)![1]
  const answer = await fetch(`http://127.0.0.1:${port}/`)
  const body = await answer.text()
  forward.stop()
  return body
}

/** What a pod answers through the JavaScript client, which speaks WebSocket channels and no SPDY. */
async function forwardedByClient(pod: string, port: number): Promise<string> {
  const config = new KubeConfig()
  config.loadFromFile(cluster.env.KUBECONFIG!)
  const [request, answer] = [new PassThrough(), new PassThrough()]
  const socket = await new PortForward(config).portForward('default', pod, [port], answer, answer, request)
  request.write('GET / HTTP/1.0\r\n\r\n')
  let output = ''
  while (!/refused|<\/html>/.test(output)) output += (await once(answer, 'data'))[0]
  if ('close' in socket) socket.close()
  return output
}
