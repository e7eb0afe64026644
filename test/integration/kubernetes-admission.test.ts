import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'

let cluster: KubectlCluster
const kubectl = (command: string, input?: string) => cluster.kubectl(command, input)
const run = (command: string, input?: string) =>
  cluster.run(command.split(' '), input === undefined ? {} : { input })
const failure = async (command: string, input?: string) => {
  const output = await run(command, input)
  expect(output.code, output.stdout).not.toBe(0)
  return output.stderr
}

const pod = (name: string, container: object = {}, spec: object = {}) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [{ name: 'web', image: 'nginx:1.29', ...container }], ...spec },
  })

const inNamespace = (kind: string, name: string, spec: object) =>
  JSON.stringify({ apiVersion: 'v1', kind, metadata: { name }, spec })

beforeAll(async () => {
  cluster = await kubectlCluster({ nodes: 1 })
  for (const name of ['limits', 'quota', 'safe']) await kubectl(`create namespace ${name}`)
})
afterAll(() => cluster.close())

// Texts: https://kubernetes.io/docs/tasks/administer-cluster/manage-resources/ (read 2026-11)
describe('a LimitRange', () => {
  beforeAll(() =>
    kubectl(
      '-n limits apply -f -',
      inNamespace('LimitRange', 'bounds', {
        limits: [
          {
            type: 'Container',
            default: { memory: '512Mi' },
            defaultRequest: { memory: '256Mi' },
            max: { memory: '1Gi' },
            min: { memory: '64Mi' },
          },
          { type: 'PersistentVolumeClaim', max: { storage: '2Gi' } },
        ],
      }),
    ),
  )

  it('gives containers their requests and limits, and says so', async () => {
    await kubectl('-n limits apply -f -', pod('plain'))
    const made = JSON.parse(await kubectl('-n limits get pod plain -o json'))
    expect(made.spec.containers[0].resources).toEqual({
      limits: { memory: '512Mi' },
      requests: { memory: '256Mi' },
    })
    expect(made.metadata.annotations['kubernetes.io/limit-ranger']).toBe(
      'LimitRanger plugin set: memory request for container web; memory limit for container web',
    )
    expect(made.status.qosClass).toBe('Burstable')
  })

  it('refuses what is out of bounds', async () => {
    expect(
      await failure('-n limits apply -f -', pod('big', { resources: { limits: { memory: '1500Mi' } } })),
    ).toContain('pods "big" is forbidden: maximum memory usage per Container is 1Gi, but limit is 1500Mi')
    expect(
      await failure('-n limits apply -f -', pod('small', { resources: { requests: { memory: '1Mi' } } })),
    ).toContain('pods "small" is forbidden: minimum memory usage per Container is 64Mi, but request is 1Mi')
    const claim = inNamespace('PersistentVolumeClaim', 'data', {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '5Gi' } },
    })
    expect(await failure('-n limits apply -f -', claim)).toContain(
      'persistentvolumeclaims "data" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 5Gi',
    )
  })
})

// Texts: https://kubernetes.io/docs/tasks/administer-cluster/manage-resources/quota-memory-cpu-namespace/ (read 2026-11)
describe('a ResourceQuota', () => {
  const resources = { requests: { cpu: '400m', memory: '600Mi' }, limits: { cpu: '800m', memory: '800Mi' } }
  beforeAll(async () => {
    const hard = {
      'requests.cpu': '1',
      'requests.memory': '1Gi',
      'limits.cpu': '2',
      'limits.memory': '2Gi',
      pods: '2',
      'count/configmaps': '2',
    }
    await kubectl('-n quota apply -f -', inNamespace('ResourceQuota', 'mem-cpu', { hard }))
  })

  it('counts what is there', async () => {
    await kubectl('-n quota apply -f -', pod('one', { resources }))
    expect(await kubectl('-n quota get resourcequota mem-cpu')).toMatch(
      /mem-cpu +count\/configmaps: 1\/2, pods: 1\/2, requests.cpu: 400m\/1, requests.memory: 600Mi\/1Gi +limits.cpu: 800m\/2, limits.memory: 800Mi\/2Gi/,
    )
    expect(await kubectl('-n quota describe quota')).toMatch(/^requests.memory +600Mi +1Gi$/m)
  })

  it('refuses what exceeds it', async () => {
    expect(
      await failure(
        '-n quota apply -f -',
        pod('two', { resources: { ...resources, requests: { cpu: '400m', memory: '700Mi' } } }),
      ),
    ).toBe(
      'Error from server (Forbidden): error when creating "STDIN": pods "two" is forbidden: exceeded quota: mem-cpu, requested: requests.memory=700Mi, used: requests.memory=600Mi, limited: requests.memory=1Gi\n',
    )
    expect(await failure('-n quota apply -f -', pod('bare'))).toContain(
      'pods "bare" is forbidden: failed quota: mem-cpu: must specify limits.cpu for: web; limits.memory for: web; requests.cpu for: web; requests.memory for: web',
    )
    await kubectl('-n quota create configmap a')
    expect(await failure('-n quota create configmap b')).toContain(
      'configmaps "b" is forbidden: exceeded quota: mem-cpu, requested: count/configmaps=1, used: count/configmaps=2, limited: count/configmaps=2',
    )
  })

  it('gives back what goes', async () => {
    await kubectl('-n quota delete pod one --now')
    await kubectl('-n quota delete configmap a')
    await kubectl('-n quota wait resourcequota/mem-cpu --for=jsonpath={.status.used.pods}=0 --timeout=10s')
    await kubectl('-n quota create configmap b')
  })
})

// Texts: https://kubernetes.io/docs/tutorials/security/ns-level-pss/ (read 2026-11)
describe('Pod Security', () => {
  const restricted =
    'allowPrivilegeEscalation != false (container "web" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "web" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "web" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "web" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'

  it('warns, and enforces', async () => {
    await kubectl(
      'label namespace safe pod-security.kubernetes.io/enforce=baseline pod-security.kubernetes.io/warn=restricted',
    )
    expect((await run('-n safe apply -f -', pod('plain'))).stderr).toBe(
      `Warning: would violate PodSecurity "restricted:latest": ${restricted}\n`,
    )
    expect(
      await failure(
        '-n safe apply -f -',
        pod('host', { securityContext: { privileged: true } }, { hostNetwork: true }),
      ),
    ).toBe(
      'Error from server (Forbidden): error when creating "STDIN": pods "host" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true), privileged (container "web" must not set securityContext.privileged=true)\n',
    )
    expect((await run('-n safe create deployment web --image=nginx:1.29')).stderr).toContain(
      'Warning: would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "nginx" must set',
    )
  })

  it('tells of the pods that are there when a level is set', async () => {
    const { stderr } = await run(
      'label --overwrite namespace safe pod-security.kubernetes.io/enforce=restricted',
    )
    expect(stderr).toContain(
      'Warning: existing pods in namespace "safe" violate the new PodSecurity enforce level "restricted:latest"\nWarning: plain',
    )
    expect(
      await failure('label --overwrite namespace safe pod-security.kubernetes.io/enforce=strict'),
    ).toContain('must be one of privileged, baseline, restricted')
  })
})

describe('admission', () => {
  it('keeps a node to itself', async () => {
    const as = '--as=system:node:node-9 --as-group=system:nodes'
    expect(
      await failure(`create -f - ${as}`, '{apiVersion: v1, kind: Node, metadata: {name: node-8}}'),
    ).toContain('nodes "node-8" is forbidden: node "node-9" is not allowed to modify node "node-8"')
  })

  it('refuses fields that stand twice, when asked to be strict', async () => {
    const body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"twice"},"data":{"a":"1","a":"2"}}'
    const answer = await fetchRaw(body, 'Strict')
    expect(answer).toContain('strict decoding error: duplicate field \\"data.a\\"')
    expect(await fetchRaw(body, 'Ignore')).toContain('"a":"2"')
  })
})

// Texts: plugin/pkg/admission/{priority,runtimeclass,storage/storageclass/setdefault,network/defaultingressclass}
describe('classes', () => {
  it('give pods their priority', async () => {
    await kubectl('create priorityclass gold --value=1000 --global-default')
    await kubectl('apply -f -', pod('gilded'))
    expect(await kubectl('get pod gilded -o jsonpath={.spec.priorityClassName}/{.spec.priority}')).toBe(
      'gold/1000',
    )
    expect(await failure('apply -f -', pod('none', {}, { priorityClassName: 'tin' }))).toContain(
      'pods "none" is forbidden: no PriorityClass with name tin was found',
    )
    expect(await failure('apply -f -', pod('own', {}, { priority: 5 }))).toContain(
      'the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 1000 from the given PriorityClass name',
    )
    expect(await failure('create priorityclass silver --value=10 --global-default')).toContain(
      'PriorityClass gold is already marked as default. Only one default can exist',
    )
    await kubectl('delete priorityclass gold')
  })

  it('give a runtime, its overhead and its place', async () => {
    expect(await failure('apply -f -', pod('lost', {}, { runtimeClassName: 'nope' }))).toContain(
      'pods "lost" is forbidden: pod rejected: RuntimeClass "nope" not found',
    )
    const runtime = {
      apiVersion: 'node.k8s.io/v1',
      kind: 'RuntimeClass',
      metadata: { name: 'box' },
      handler: 'box',
      overhead: { podFixed: { cpu: '50m' } },
      scheduling: { nodeSelector: { box: 'yes' } },
    }
    await kubectl('apply -f -', JSON.stringify(runtime))
    await kubectl('apply -f -', pod('boxed', {}, { runtimeClassName: 'box' }))
    expect(await kubectl('get pod boxed -o jsonpath={.spec.overhead.cpu}/{.spec.nodeSelector.box}')).toBe(
      '50m/yes',
    )
  })

  it('are the newest default where none is named', async () => {
    const marked = (apiVersion: string, kind: string, name: string, rest: object) =>
      JSON.stringify({
        apiVersion,
        kind,
        metadata: { name, annotations: { [`${kind.toLowerCase()}.kubernetes.io/is-default-class`]: 'true' } },
        ...rest,
      })
    await kubectl(
      'apply -f -',
      marked('networking.k8s.io/v1', 'IngressClass', 'edge', { spec: { controller: 'a.b/c' } }),
    )
    await kubectl('create ingress plain --rule=a.example.com/=web:80')
    expect(await kubectl('get ingress plain -o jsonpath={.spec.ingressClassName}')).toBe('edge')
    const { stderr } = await run(
      'create ingress old --annotation=kubernetes.io/ingress.class=x --rule=b.example.com/=web:80',
    )
    expect(stderr).toBe(
      `Warning: annotation "kubernetes.io/ingress.class" is deprecated, please use 'spec.ingressClassName' instead\n`,
    )
    await kubectl('apply -f -', marked('storage.k8s.io/v1', 'StorageClass', 'disk', { provisioner: 'a.b' }))
    await kubectl(
      'apply -f -',
      inNamespace('PersistentVolumeClaim', 'some', {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
      }),
    )
    expect(await kubectl('get pvc some -o jsonpath={.spec.storageClassName}')).toBe('disk')
  })
})

/** One POST of a text as it is. */
async function fetchRaw(body: string, fieldValidation: string): Promise<string> {
  const path = `/api/v1/namespaces/default/configmaps?fieldValidation=${fieldValidation}`
  return text(await cluster.send('POST', path, body))
}
