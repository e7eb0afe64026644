import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { createSecureContext, TLSSocket } from 'node:tls'
import { beforeAll, describe, expect, it } from 'vitest'
import { CertificateIssuer, createAuthority } from '#network/authority.ts'
import { allOperations } from './operations.ts'
import { type Json, workbench } from './workbench.ts'

// Conformance of sig-api-machinery: admission webhooks and validating admission policies. Each `it` is named after the testname of
// test/conformance/testdata/conformance.yaml (kubernetes/kubernetes, 1.35).

const BASE = '/apis/admissionregistration.k8s.io/v1'
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const ADDRESS = '10.9.9.9'

const bench = workbench(1)
let caBundle: string
beforeAll(async () => {
  await startWebhook()
  await bench.until('/api/v1/nodes/node-1', ({ status }) =>
    status.conditions?.some(({ type, status }: Json) => type === 'Ready' && status === 'True'),
  )
})

const ADD = (path: string, value: unknown) => ({ op: 'add', path, value })
const patched = (...operations: object[]) => ({
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
})
const denied = (message: string) => ({ allowed: false, status: { message } })

/** What the webhooks answer, by their path. */
const ANSWERS: Record<string, (request: Json) => object | Promise<object>> = {
  '/always-deny': () => denied('this webhook denies all requests'),
  '/always-allow-slow': () => bench.cluster.world.clock.sleep(5_000).then(() => ({})),
  '/pods': ({ object }) => {
    const name: string = object.metadata.name
    if (name === 'hangs') return new Promise(() => {})
    return object.spec.containers.some(({ name }: Json) => name.includes('webhook-disallow'))
      ? denied('the pod contains unwanted container name')
      : {}
  },
  '/configmaps': ({ object }) =>
    Object.values(object.data ?? {}).includes('webhook-disallow')
      ? denied('the configmap contains unwanted key and value')
      : {},
  '/attach': ({ resource, subResource }) =>
    resource.resource === 'pods' && subResource === 'attach' ? denied('attaching to pod is not allowed') : {},
  '/custom': ({ object, oldObject }) =>
    (object ?? oldObject).data?.['webhook-e2e-test'] === 'webhook-disallow'
      ? denied('the custom resource contains unwanted data')
      : {},
  '/mutate-first': ({ object }) =>
    object.data?.['mutation-start'] === 'yes' ? patched(ADD('/data/mutation-stage-1', 'yes')) : {},
  '/mutate-second': ({ object }) =>
    object.data?.['mutation-stage-1'] === 'yes' ? patched(ADD('/data/mutation-stage-2', 'yes')) : {},
  '/init-container': () =>
    patched(
      ADD('/spec/initContainers', [
        { image: 'webhook-added-image', name: 'webhook-added-init-container', resources: {} },
      ]),
    ),
  '/label': () => patched(ADD('/metadata/labels', { 'mutated-by': 'webhook' })),
}

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { request } = (await json(req)) as Json
  const response = await ANSWERS[new URL(req.url!, 'https://webhook').pathname]!(request)
  res.writeHead(200, { 'content-type': 'application/json' })
  res.end(
    JSON.stringify({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: request.uid, allowed: true, ...response },
    }),
  )
}

/** A webhook server at an address of the world, behind the Service `hooks`. */
async function startWebhook(): Promise<void> {
  const authority = await createAuthority('webhooks', Date.now())
  caBundle = Buffer.from(authority.certificate).toString('base64')
  const { certificate, privateKey } = await new CertificateIssuer(authority, Date.now).issue(
    'hooks.default.svc',
  )
  const secureContext = createSecureContext({ cert: certificate, key: privateKey })
  const server = createServer((req, res) => void answer(req, res))
  bench.cluster.network.addAddress(ADDRESS)
  bench.cluster.network.listen(ADDRESS, 8443, (socket) => {
    const secure = new TLSSocket(socket as never, { isServer: true, secureContext })
    secure.on('error', () => secure.destroy())
    server.emit('connection', secure)
  })
  await bench.post('/api/v1/namespaces/default/services', {
    metadata: { name: 'hooks' },
    spec: { ports: [{ port: 8443, targetPort: 8443 }] },
  })
  await bench.post('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
    metadata: { name: 'hooks-1', labels: { 'kubernetes.io/service-name': 'hooks' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [ADDRESS] }],
    ports: [{ port: 8443 }],
  })
}

let count = 0
/** A namespace whose label the webhooks made for it select. */
async function marked(): Promise<{ name: string; maps: string; pods: string; selector: Json }> {
  const name = `hooked-${++count}`
  await bench.post('/api/v1/namespaces', { metadata: { name, labels: { [name]: 'true' } } })
  const core = `/api/v1/namespaces/${name}`
  await bench.until(`${core}/serviceaccounts/default`, (account) => account)
  return {
    name,
    maps: `${core}/configmaps`,
    pods: `${core}/pods`,
    selector: { matchLabels: { [name]: 'true' } },
  }
}

const rule = (resource: string, operations = ['CREATE', 'UPDATE'], group = '') => ({
  operations,
  apiGroups: [group],
  apiVersions: ['*'],
  resources: [resource],
})
const webhook = (path: string, rules: object[], selector: object, more: object = {}) => ({
  name: `${path.slice(1)}.example.com`,
  clientConfig: { service: { namespace: 'default', name: 'hooks', path, port: 8443 }, caBundle },
  rules,
  namespaceSelector: selector,
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  ...more,
})
type Kind = 'mutating' | 'validating'
const collection = (kind: Kind) => `${BASE}/${kind}webhookconfigurations`
/** Registers webhooks; gives the path of their configuration. */
async function register(kind: Kind, webhooks: object[], labels: object = {}): Promise<string> {
  const name = `walk-${++count}`
  await bench.post(collection(kind), { metadata: { name, labels }, webhooks })
  return `${collection(kind)}/${name}`
}
const map = (name: string, data: object = {}) => ({ metadata: { name }, data })
const pod = (name: string, container = 'main') => ({
  metadata: { name },
  spec: { containers: [{ name: container, image: 'registry.k8s.io/pause:3.10' }] },
})

describe('admission webhooks', () => {
  it('Admission webhook, discovery document', async () => {
    const groupVersion = 'admissionregistration.k8s.io/v1'
    const group = (await bench.get('/apis')).groups.find(
      ({ name }: Json) => name === 'admissionregistration.k8s.io',
    )
    expect(group.versions).toContainEqual({ groupVersion, version: 'v1' })
    expect((await bench.get('/apis/admissionregistration.k8s.io')).versions).toContainEqual({
      groupVersion,
      version: 'v1',
    })
    const names = (await bench.get(BASE)).resources.map(({ name }: Json) => name)
    expect(names).toEqual(
      expect.arrayContaining(['mutatingwebhookconfigurations', 'validatingwebhookconfigurations']),
    )
  })

  it('Admission webhook, deny create', async () => {
    const { maps, pods, selector } = await marked()
    await register('validating', [
      webhook('/pods', [rule('pods', ['CREATE'])], selector, { timeoutSeconds: 1 }),
      webhook('/configmaps', [rule('configmaps')], selector),
    ])
    expect((await bench.refused('POST', pods, pod('bad', 'webhook-disallow'))).message).toBe(
      'admission webhook "pods.example.com" denied the request: the pod contains unwanted container name',
    )
    expect((await bench.refused('POST', maps, map('bad', { key: 'webhook-disallow' }))).message).toContain(
      'the configmap contains unwanted key and value',
    )
    await bench.post(maps, map('good', { key: 'fine' }))
    expect(
      (await bench.refused('PUT', `${maps}/good`, map('good', { key: 'webhook-disallow' }))).message,
    ).toContain('unwanted key and value')
    const patch = await bench.refused(
      'PATCH',
      `${maps}/good`,
      { data: { key: 'webhook-disallow' } },
      { 'content-type': 'application/strategic-merge-patch+json' },
    )
    expect(patch.message).toContain('unwanted key and value')
    const hangs = await bench.meanwhile(bench.refused('POST', pods, pod('hangs')))
    expect(hangs.message).toMatch(/failed calling webhook "pods\.example\.com": .*context deadline exceeded/)
    await bench.post('/api/v1/namespaces/default/configmaps', map('elsewhere', { key: 'webhook-disallow' }))
  })

  it('Admission webhook, deny attach', async () => {
    const { name, pods, selector } = await marked()
    await register('validating', [webhook('/attach', [rule('pods/attach', ['CONNECT'])], selector)])
    await bench.post(pods, pod('attached'))
    await bench.until(`${pods}/attached`, ({ status }) => status.phase === 'Running')
    expect(await bench.cluster.refused(`attach -n ${name} attached -i -c main`)).toContain(
      'attaching to pod is not allowed',
    )
  })

  /** Defines a resource `things` of a group of its own. */
  async function define(versions: Json[]): Promise<{ path: string; group: string }> {
    const group = `custom-${++count}.example.com`
    await bench.post(DEFINITIONS, {
      metadata: { name: `things.${group}` },
      spec: { group, scope: 'Namespaced', names: { kind: 'Thing', plural: 'things' }, versions },
    })
    const path = `${DEFINITIONS}/things.${group}`
    await bench.until(path, ({ status }) =>
      status.conditions?.some(({ type, status }: Json) => type === 'Established' && status === 'True'),
    )
    return { path, group }
  }
  const data = (keys: string[]) => ({
    type: 'object',
    properties: {
      data: { type: 'object', properties: Object.fromEntries(keys.map((key) => [key, { type: 'string' }])) },
    },
  })
  const OPEN = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  const version = (name: string, storage: boolean, schema: object = OPEN) => ({
    name,
    served: true,
    storage,
    schema: { openAPIV3Schema: schema },
  })
  const thing = (group: string, name: string, data: object, version = 'v1') => ({
    apiVersion: `${group}/${version}`,
    kind: 'Thing',
    metadata: { name },
    data,
  })

  it('Admission webhook, deny custom resource create and delete', async () => {
    const { name, selector } = await marked()
    const { group } = await define([version('v1', true)])
    const things = `/apis/${group}/v1/namespaces/${name}/things`
    await register('validating', [
      webhook('/custom', [rule('things', ['CREATE', 'UPDATE', 'DELETE'], group)], selector),
    ])
    const bad = { 'webhook-e2e-test': 'webhook-disallow' }
    expect((await bench.refused('POST', things, thing(group, 'bad', bad))).message).toContain(
      'the custom resource contains unwanted data',
    )
    await bench.post(things, thing(group, 'good', { 'webhook-e2e-test': 'webhook-allow' }))
    const merge = { 'content-type': 'application/merge-patch+json' }
    expect((await bench.refused('PATCH', `${things}/good`, { data: bad }, merge)).message).toContain(
      'unwanted data',
    )
  })

  it('Admission webhook, fail closed', async () => {
    const { maps, selector } = await marked()
    const clientConfig = { service: { namespace: 'default', name: 'hooks', path: '/configmaps', port: 8443 } }
    await register('validating', [
      webhook('/configmaps', [rule('configmaps', ['CREATE'])], selector, {
        clientConfig,
        failurePolicy: 'Fail',
      }),
    ])
    expect(await bench.refused('POST', maps, map('foo'))).toMatchObject({
      code: 500,
      reason: 'InternalError',
      message: expect.stringMatching(/failed calling webhook.*x509: certificate signed by unknown authority/),
    })
  })

  it('Admission webhook, ordered mutation', async () => {
    const { maps, selector } = await marked()
    await register('mutating', [
      webhook('/mutate-first', [rule('configmaps', ['CREATE'])], selector),
      webhook('/mutate-second', [rule('configmaps', ['CREATE'])], selector),
    ])
    expect((await bench.post(maps, map('to-be-mutated', { 'mutation-start': 'yes' }))).data).toEqual({
      'mutation-start': 'yes',
      'mutation-stage-1': 'yes',
      'mutation-stage-2': 'yes',
    })
  })

  it('Admission webhook, mutation with defaulting', async () => {
    const { pods, selector } = await marked()
    await register('mutating', [webhook('/init-container', [rule('pods', ['CREATE'])], selector)])
    const { spec } = await bench.post(pods, pod('to-be-mutated'))
    expect(spec.initContainers[0]).toMatchObject({
      name: 'webhook-added-init-container',
      image: 'webhook-added-image',
      terminationMessagePolicy: 'File',
      imagePullPolicy: 'Always',
    })
  })

  it('Admission webhook, admission control not allowed on webhook configuration objects', async () => {
    const ours = { matchLabels: { [`never-${++count}`]: 'true' } }
    const all = [{ ...rule('*', ['*'], 'admissionregistration.k8s.io') }]
    const deny = await register('validating', [webhook('/always-deny', all, {})])
    const label = await register('mutating', [webhook('/label', all, {})])
    for (const kind of ['validating', 'mutating'] as const) {
      const path = await register(kind, [webhook('/always-deny', [rule('invalid')], ours)])
      expect((await bench.get(path)).metadata.labels).toBeUndefined()
      await bench.delete(path)
    }
    await bench.delete(deny)
    await bench.delete(label)
  })

  it('Admission webhook, mutate custom resource', async () => {
    const { name, selector } = await marked()
    const { group } = await define([version('v1', true)])
    await register('mutating', [
      webhook('/mutate-first', [rule('things', ['CREATE'], group)], selector),
      webhook('/mutate-second', [rule('things', ['CREATE'], group)], selector),
    ])
    const made = await bench.post(
      `/apis/${group}/v1/namespaces/${name}/things`,
      thing(group, 'mutated', { 'mutation-start': 'yes' }),
    )
    expect(made.data).toEqual({
      'mutation-start': 'yes',
      'mutation-stage-1': 'yes',
      'mutation-stage-2': 'yes',
    })
  })

  it('Admission webhook, mutate custom resource with pruning', async () => {
    const { name, selector } = await marked()
    const { group } = await define([version('v1', true, data(['mutation-start', 'mutation-stage-1']))])
    await register('mutating', [
      webhook('/mutate-first', [rule('things', ['CREATE'], group)], selector),
      webhook('/mutate-second', [rule('things', ['CREATE'], group)], selector),
    ])
    const made = await bench.post(
      `/apis/${group}/v1/namespaces/${name}/things`,
      thing(group, 'mutated', { 'mutation-start': 'yes' }),
    )
    expect(made.data).toEqual({ 'mutation-start': 'yes', 'mutation-stage-1': 'yes' })
  })

  it('Admission webhook, mutate custom resource with different stored version', async () => {
    const { name, selector } = await marked()
    const versions = [version('v1', true), version('v2', false)]
    const { path, group } = await define(versions)
    await register('mutating', [
      webhook('/mutate-first', [rule('things', ['CREATE', 'UPDATE'], group)], selector),
    ])
    const things = `/apis/${group}/v1/namespaces/${name}/things`
    await bench.post(things, thing(group, 'stored', { 'mutation-start': 'yes' }))
    await bench.patch(path, { spec: { versions: [version('v1', false), version('v2', true)] } })
    const changed = await bench.patch(`${things}/stored`, { dummy: 'test' })
    expect(changed).toMatchObject({
      apiVersion: `${group}/v1`,
      dummy: 'test',
      data: { 'mutation-start': 'yes', 'mutation-stage-1': 'yes' },
    })
    expect((await bench.get(`/apis/${group}/v2/namespaces/${name}/things/stored`)).dummy).toBe('test')
  })

  it('Admission webhook, deny custom resource definition', async () => {
    const label = `denied-${++count}`
    const path = await register('validating', [
      webhook(
        '/always-deny',
        [rule('customresourcedefinitions', ['CREATE'], 'apiextensions.k8s.io')],
        {},
        {
          objectSelector: { matchLabels: { [label]: 'yes' } },
        },
      ),
    ])
    const group = 'denied.example.com'
    const definition = {
      metadata: { name: `things.${group}`, labels: { [label]: 'yes' } },
      spec: {
        group,
        scope: 'Namespaced',
        names: { kind: 'Thing', plural: 'things' },
        versions: [version('v1', true)],
      },
    }
    expect((await bench.refused('POST', DEFINITIONS, definition)).message).toContain(
      'this webhook denies all requests',
    )
    await bench.delete(path)
  })

  it('Admission webhook, honor timeout', async () => {
    const { maps, selector } = await marked()
    const slow = async (timeoutSeconds: number | undefined, failurePolicy: string, name: string) => {
      const path = await register('validating', [
        webhook('/always-allow-slow', [rule('configmaps', ['CREATE'])], selector, {
          failurePolicy,
          ...(timeoutSeconds && { timeoutSeconds }),
        }),
      ])
      const answer = await bench.meanwhile(bench.ask('POST', maps, map(name)))
      await bench.delete(path)
      return answer
    }
    const [short, ignored] = [await slow(1, 'Fail', 'short'), await slow(1, 'Ignore', 'ignored')]
    expect(short.body.message).toMatch(/context deadline exceeded/)
    expect(ignored.status).toBe(201)
    // The default is ten seconds.
    const path = await register('validating', [webhook('/always-allow-slow', [], selector)])
    expect((await bench.get(path)).webhooks[0].timeoutSeconds).toBe(10)
    expect((await slow(10, 'Fail', 'long')).status).toBe(201)
  })

  for (const kind of ['validating', 'mutating'] as const) {
    const path = kind === 'validating' ? '/configmaps' : '/mutate-first'
    const data = kind === 'validating' ? { key: 'webhook-disallow' } : { 'mutation-start': 'yes' }
    /** Whether a ConfigMap meets the webhook: it is refused, or changed. */
    const meets = async (maps: string, name: string): Promise<boolean> => {
      const { status, body } = await bench.ask('POST', maps, map(name, data))
      return kind === 'validating' ? status === 400 : 'mutation-stage-1' in body.data
    }

    it(`Admission webhook, update ${kind} webhook`, async () => {
      const { maps, selector } = await marked()
      const configuration = await register(kind, [webhook(path, [rule('configmaps', ['CREATE'])], selector)])
      expect(await meets(maps, 'first')).toBe(true)
      const object = await bench.get(configuration)
      object.webhooks[0].rules[0].operations = ['UPDATE']
      await bench.put(configuration, object)
      expect(await meets(maps, 'second')).toBe(false)
      await bench.patch(
        configuration,
        [{ op: 'replace', path: '/webhooks/0/rules/0/operations', value: ['CREATE'] }],
        'json',
      )
      expect(await meets(maps, 'third')).toBe(true)
    })

    it(`Admission webhook, list ${kind} webhooks`, async () => {
      const { name, maps, selector } = await marked()
      for (let index = 0; index < 10; index++)
        await register(kind, [webhook(path, [rule('configmaps', ['CREATE'])], selector)], { list: name })
      const query = `${collection(kind)}?labelSelector=list%3D${name}`
      expect((await bench.get(query)).items).toHaveLength(10)
      expect(await meets(maps, 'first')).toBe(true)
      await bench.delete(query)
      expect((await bench.get(query)).items).toEqual([])
      expect(await meets(maps, 'second')).toBe(false)
    })

    const Title = kind === 'validating' ? 'Validating' : 'Mutating'
    it(`${Title} Admission webhook, create and update ${kind} webhook configuration with matchConditions`, async () => {
      const { selector } = await marked()
      const conditions = [{ name: 'expression-1', expression: "object.metadata.namespace == 'production'" }]
      const configuration = await register(kind, [
        webhook(path, [rule('configmaps')], selector, { matchConditions: conditions }),
      ])
      const object = await bench.get(configuration)
      expect(object.webhooks[0].matchConditions).toEqual(conditions)
      conditions.push({ name: 'expression-2', expression: "object.metadata.namespace == 'staging'" })
      object.webhooks[0].matchConditions = conditions
      await bench.put(configuration, object)
      expect((await bench.get(configuration)).webhooks[0].matchConditions).toEqual(conditions)
    })

    it(`${Title} Admission webhook, reject ${kind} webhook configurations with invalid matchConditions`, async () => {
      const matchConditions = [{ name: 'invalid', expression: '... [] bad expression' }]
      const wrong = await bench.refused('POST', collection(kind), {
        metadata: { name: 'invalid' },
        webhooks: [webhook(path, [rule('configmaps')], {}, { matchConditions })],
      })
      expect(wrong.message).toContain('compilation failed')
    })
  }

  it('Mutating Admission webhook, mutating webhook excluding object with specific name', async () => {
    const { maps, selector } = await marked()
    const matchConditions = [{ name: 'skip-me', expression: "object.metadata.name != 'skip-me'" }]
    await register('mutating', [
      webhook('/mutate-first', [rule('configmaps')], selector, { matchConditions }),
    ])
    const data = { 'mutation-start': 'yes' }
    expect((await bench.post(maps, map('skip-me', data))).data).toEqual(data)
    expect((await bench.post(maps, map('mutate-me', data))).data).toEqual({
      ...data,
      'mutation-stage-1': 'yes',
    })
  })
})

describe('ValidatingAdmissionPolicy', () => {
  const deployments = (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments`
  const deployment = (name: string, replicas: number) => ({
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] },
      },
    },
  })
  const policy = (spec: object) => ({
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] },
        ],
      },
      ...spec,
    },
  })
  async function enforce(spec: object): Promise<string> {
    const { name, selector } = await marked()
    await bench.post(`${BASE}/validatingadmissionpolicies`, { metadata: { name }, ...policy(spec) })
    await bench.post(`${BASE}/validatingadmissionpolicybindings`, {
      metadata: { name },
      spec: {
        policyName: name,
        validationActions: ['Deny'],
        matchResources: { namespaceSelector: selector },
      },
    })
    await bench.until(
      `${BASE}/validatingadmissionpolicies/${name}`,
      ({ status }) => status?.observedGeneration === 1,
    )
    return deployments(name)
  }

  it('ValidatingAdmissionPolicy', async () => {
    const plain = await enforce({
      validations: [
        {
          expression: 'object.spec.replicas > 1',
          messageExpression: "'wants replicas > 1, got ' + string(object.spec.replicas)",
        },
      ],
    })
    expect((await bench.refused('POST', plain, deployment('one', 1))).message).toContain(
      'wants replicas > 1, got 1',
    )
    await bench.post(plain, deployment('two', 2))
    const withVariables = await enforce({
      variables: [
        { name: 'replicas', expression: 'object.spec.replicas' },
        { name: 'oddReplicas', expression: 'variables.replicas % 2 == 1' },
      ],
      validations: [{ expression: 'variables.replicas > 1' }, { expression: 'variables.oddReplicas' }],
    })
    expect((await bench.refused('POST', withVariables, deployment('one', 1))).message).toContain(
      'failed expression: variables.replicas > 1',
    )
    expect((await bench.refused('POST', withVariables, deployment('two', 2))).message).toContain(
      'failed expression: variables.oddReplicas',
    )
    await bench.post(withVariables, deployment('three', 3))
  })

  it('ValidatingAdmissionPolicy API', () =>
    allOperations(bench, {
      base: BASE,
      plural: 'validatingadmissionpolicies',
      object: policy({
        failurePolicy: 'Ignore',
        validations: [{ expression: 'object.spec.replicas <= 100' }],
      }),
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

  it('ValidatingAdmissionPolicyBinding API', () =>
    allOperations(bench, {
      base: BASE,
      plural: 'validatingadmissionpolicybindings',
      object: { spec: { policyName: 'none', validationActions: ['Deny'] } },
    }))
})
