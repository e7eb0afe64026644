import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KINDS } from '#kubernetes/apiserver/kinds/table.ts'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'

const REQUESTS = Number(process.env.DRYDOCK_FUZZ ?? 3000)
const IN_FLIGHT = 16
/** A request that takes longer hangs. */
const LIMIT_MS = 10_000

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster({ nodes: 1 })
  const all = 'get,list,watch,create,update,patch,delete,deletecollection'
  await cluster.kubectl(`create role eve --verb=${all} --resource=configmaps`)
  await cluster.kubectl('create rolebinding eve --role=eve --user=eve')
})
afterAll(() => cluster.close())

/** Numbers below 1 that are the same in each run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const seed = Number(process.env.DRYDOCK_FUZZ_SEED ?? 20261121)
const random = randomFrom(seed)
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
const chance = (probability: number) => random() < probability

type Value = unknown

const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } }
const selector = { matchLabels: { app: 'a' } }

/** What objects of some kinds are about; the others get what all have. */
const SPECS: Record<string, Value> = {
  pods: template.spec,
  deployments: { selector, template, replicas: 1, strategy: { type: 'RollingUpdate' } },
  replicasets: { selector, template },
  daemonsets: { selector, template },
  statefulsets: {
    selector,
    template,
    serviceName: 's',
    volumeClaimTemplates: [{ metadata: { name: 'v' }, spec: {} }],
  },
  jobs: { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } },
  cronjobs: { schedule: '* * * * *', jobTemplate: { spec: { template } } },
  services: { selector: { app: 'a' }, ports: [{ port: 80, targetPort: 'x' }], type: 'NodePort' },
  ingresses: {
    rules: [
      {
        host: 'a.b',
        http: {
          paths: [
            { path: '/', pathType: 'Prefix', backend: { service: { name: 's', port: { number: 1 } } } },
          ],
        },
      },
    ],
  },
  networkpolicies: {
    podSelector: {},
    ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: [{ port: 1 }] }],
  },
  horizontalpodautoscalers: {
    maxReplicas: 2,
    scaleTargetRef: { kind: 'Deployment', name: 'd' },
    metrics: [],
  },
  poddisruptionbudgets: { selector, minAvailable: '50%' },
  persistentvolumeclaims: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  persistentvolumes: {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    hostPath: { path: '/x' },
  },
  resourcequotas: { hard: { pods: '3', 'limits.cpu': '1' } },
  limitranges: { limits: [{ type: 'Container', max: { cpu: '1' } }] },
  leases: { holderIdentity: 'x', leaseDurationSeconds: 1 },
  validatingadmissionpolicies: {
    matchConstraints: {
      resourceRules: [
        {
          apiGroups: ['coordination.k8s.io'],
          apiVersions: ['v1'],
          operations: ['CREATE', 'UPDATE'],
          resources: ['leases'],
        },
      ],
    },
    variables: [{ name: 'x', expression: 'object.metadata.name.size()' }],
    validations: [
      {
        expression: 'variables.x < 3 && object.spec.leaseDurationSeconds > 0',
        messageExpression: "'got ' + string(variables.x)",
      },
    ],
  },
  validatingadmissionpolicybindings: { policyName: 'a', validationActions: ['Deny'] },
  certificatesigningrequests: { request: 'aGk=', signerName: 'example.com/a', usages: ['client auth'] },
  flowschemas: { priorityLevelConfiguration: { name: 'a' }, matchingPrecedence: 5 },
  customresourcedefinitions: {
    group: 'fuzz.example.com',
    scope: 'Namespaced',
    names: { plural: 'things', kind: 'Thing' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  a: { type: 'integer', default: 1, minimum: 0 },
                  b: { type: 'string', pattern: '^(a+)+$' },
                  c: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
                },
                'x-kubernetes-validations': [{ rule: 'self.a < 5' }],
              },
            },
          },
        },
        subresources: { status: {}, scale: { specReplicasPath: '.spec.a', statusReplicasPath: '.status.a' } },
        additionalPrinterColumns: [{ name: 'A', type: 'integer', jsonPath: '.spec.a' }],
      },
    ],
  },
}

/** Fields beside the metadata of kinds that have no spec. */
const FIELDS: Record<string, Record<string, Value>> = {
  events: {
    involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'a', namespace: 'default' },
    regarding: { apiVersion: 'v1', kind: 'Pod', name: 'a', namespace: 'default' },
    eventTime: '2026-01-01T00:00:00.000000Z',
    lastTimestamp: '2026-01-01T00:00:00Z',
    series: { count: 2, lastObservedTime: '2026-01-01T00:00:00.000000Z' },
    source: { component: 'a' },
    count: 2,
    type: 'Normal',
    reason: 'A',
    action: 'B',
    message: 'c',
    note: 'c',
    reportingController: 'a.b/c',
    reportingComponent: 'a.b/c',
    reportingInstance: 'a-1',
  },
}

/** Who a client says that owns what. */
const OWNERS = [
  {
    manager: 'fuzz',
    operation: 'Update',
    apiVersion: 'v1',
    time: '2026-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: {
      'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
      'f:spec': { 'k:{"name":"c"}': { '.': {}, 'f:image': {} }, 'v:"a"': {}, 'f:x': { 'i:0': {} } },
    },
  },
  { manager: 'other', operation: 'Apply', apiVersion: 'v9', fieldsType: 'FieldsV1', fieldsV1: { 'k:{': {} } },
]

/** What a rule may be: libraries of 1.35, and what is wrong or dear. */
const RULES = [
  'object.metadata.name.size() < 9',
  "ip('10.0.0.1').family() == 4 && ip.isCanonical('::1')",
  'ip(object.metadata.name).isLoopback()',
  "cidr('10.0.0.0/8').containsIP(object.metadata.name)",
  "cidr('999.0.0.0/8').masked().ip().isGlobalUnicast()",
  '!format.dns1123Label().validate(object.metadata.name).hasValue()',
  'format.named(object.metadata.name).hasValue()',
  "semver('1.2.3').isLessThan(semver(object.metadata.name))",
  "isSemver('v1.2', true) && semver('1', true).major() == 1",
  "[1, 2].all(i, v, i < v) && {'a': 1}.transformList(k, v, k + string(v)).size() == 1",
  "object.metadata.labels.transformMap(k, v, v.size() > 0, v + k).exists(k, v, k == 'app')",
  "object.metadata.labels.existsOne(k, v, k == 'app')",
  "url('https://a.b:80/c?d=e#f').getQuery()['d'][0] == 'e'",
  "quantity('1Ki').add(quantity(object.metadata.name)).isInteger()",
  "object.?spec.?x.orValue('y').matches('^(a+)+$')",
  "'abc'.find('[') == '' || 'a,b'.split(',').size() > 1",
  "'%d %s %x %e'.format([1, 'a', 2, 1.5]) == object.metadata.name",
  '[3, 1].sort() == [1, 3] || [1, 2].sum() == [1, 2].max()',
  "sets.contains([1], [1]) && sets.intersects([object.metadata.name], ['a'])",
  "authorizer.group('').resource('pods').namespace('default').check('get').allowed()",
  '[1,2,3].all(a, [1,2,3].all(b, [1,2,3].all(c, [1,2,3].all(d, [1,2,3].all(e, a+b+c+d+e > 0)))))',
  'object.metadata.name.lowerAscii().reverse().charAt(99) == dyn(1)',
  'duration(object.metadata.name) > timestamp("2026-01-01T00:00:00Z") - timestamp("x")',
  '9223372036854775807 + 1 > 0 || 1 / 0 == 1 || {}[1]',
  'object.x.y.z',
  'a b',
  '"',
  '(((((((((((((((((((',
  '[?x]',
  'ip(1)',
  "cidr('').ip('')",
  '',
]

const ODD: Value[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2 ** 53,
  -(2 ** 31) - 1,
  1e308,
  '',
  'a',
  'A_B',
  '..',
  '0',
  '-1',
  '100%',
  '1e9999',
  '10Gi',
  '\u0000',
  '\u{1f600}',
  'x'.repeat(300),
  [],
  [null],
  ['a', 'a'],
  [[]],
  {},
  { a: null },
  { name: 'a' },
  { '': {} },
  { constructor: 'x' },
  '2026-01-01T00:00:00Z',
  'not-a-date',
  '10.0.0.1',
  '999.1.1.1/33',
]

/** The value with something in it changed, added or taken away. */
function mutate(value: Value, depth = 0): Value {
  if (chance(0.12) || typeof value !== 'object' || value === null) return chance(0.5) ? pick(ODD) : value
  if (depth > 8) return value
  if (Array.isArray(value)) {
    const items = value.map((item) => (chance(0.3) ? mutate(item, depth + 1) : item))
    if (chance(0.1)) items.push(pick(ODD))
    return chance(0.05) ? [...items, ...items] : items
  }
  const out: Record<string, Value> = {}
  for (const [key, inner] of Object.entries(value)) {
    if (chance(0.04)) continue
    out[chance(0.03) ? String(JSON.stringify(pick(ODD))) : key] = chance(0.3)
      ? mutate(inner, depth + 1)
      : inner
  }
  if (chance(0.1))
    out[
      pick([
        'spec',
        'status',
        'metadata',
        'data',
        '$patch',
        'x',
        '__proto__',
        'finalizers',
        'ownerReferences',
        'managedFields',
      ])
    ] = pick(ODD)
  return out
}

const NAMES = [
  'a',
  'b',
  'things.fuzz.example.com',
  'default',
  'node-1',
  'kubernetes',
  'A',
  '%2e%2e',
  '%00',
  'x'.repeat(260),
]

/** Deleting these would only make the rest of the run dull. */
const KEPT = new Set(['namespaces', 'nodes'])

interface Sent {
  method: string
  path: string
  body: string
  headers: Record<string, string>
}

/** Webhooks about one resource, so that others still get through when nobody answers. */
const WEBHOOKS = [
  {
    name: 'a.example.com',
    clientConfig: { service: { name: 'a', namespace: 'default' } },
    rules: [
      {
        apiGroups: ['node.k8s.io'],
        apiVersions: ['v1'],
        operations: ['CREATE'],
        resources: ['runtimeclasses'],
      },
    ],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
  },
]

/** Somebody who may do as she likes with the ConfigMaps of one namespace, and nothing else. */
const EVE = { authorization: 'Bearer user:eve', 'user-agent': 'eve' }
const EVES = /^\/api\/v1\/(watch\/)?namespaces\/default\/configmaps(\/|\?|$)/
/** Everybody may ask about themselves. */
const REVIEWS = /\/selfsubject\w*reviews(\?|$)/

const THINGS = {
  group: 'fuzz.example.com',
  version: 'v1',
  plural: 'things',
  kind: 'Thing',
  namespaced: true,
  subresources: [{ name: 'status' }, { name: 'scale' }],
}

/** What the object of a request says about its kind. */
function specOf(plural: string): Value {
  const spec = SPECS[plural] as Record<string, Value>
  if (plural === 'validatingadmissionpolicies' && chance(0.7)) {
    const expression = pick(RULES)
    const variables = [{ name: 'x', expression: pick(RULES) }]
    const validations = [{ expression, messageExpression: pick(RULES) }]
    const auditAnnotations = [{ key: 'a', valueExpression: pick(RULES) }]
    return { ...spec, variables, validations, auditAnnotations }
  }
  return spec
}

function randomRequest(): Sent {
  const kind = chance(0.08) ? THINGS : pick(KINDS)
  const base = kind.group ? `/apis/${kind.group}/${kind.version}` : `/api/${kind.version}`
  const name = pick(NAMES)
  const space = kind.namespaced ? `/namespaces/${chance(0.9) ? 'default' : pick(NAMES)}` : ''
  const sub = kind.subresources.length > 0 && chance(0.2) ? `/${pick(kind.subresources).name}` : ''
  const method = pick(['GET', 'GET', 'POST', 'POST', 'POST', 'PUT', 'PATCH', 'PATCH', 'DELETE', 'OPTIONS'])
  const one = (method !== 'POST' && chance(0.85)) || sub || (method === 'DELETE' && KEPT.has(kind.plural))
  let path = `${base}${space}/${kind.plural}${one ? `/${name}` : ''}${sub}`
  if (chance(0.03)) path = path.slice(0, Math.floor(random() * path.length)) || '/'
  if (chance(0.02)) path = `${path}/${pick(NAMES)}/%zz//`
  const whole = {
    apiVersion: kind.group ? `${kind.group}/${kind.version}` : kind.version,
    kind: kind.kind,
    metadata: {
      name: decodeURIComponent(name.replace('%00', 'nul')),
      labels: { app: 'a' },
      annotations: { a: 'b' },
      ...(chance(0.15) && { managedFields: chance(0.5) ? OWNERS : mutate(OWNERS) }),
    },
    ...(SPECS[kind.plural] !== undefined ? { spec: specOf(kind.plural) } : {}),
    ...(/webhookconfigurations$/.test(kind.plural) ? { webhooks: WEBHOOKS } : {}),
    ...(kind.plural === 'things'
      ? { spec: { a: 1, b: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab', c: ['x'] } }
      : {}),
    ...(FIELDS[kind.plural] ?? {}),
    ...(chance(0.1)
      ? { data: { k: 'dg==' }, rules: [{ verbs: ['get'] }], roleRef: { kind: 'Role', name: 'x' } }
      : {}),
  }
  const type = method === 'PATCH' ? pick(PATCHES) : pick(TYPES)
  let body: string | undefined
  if (method === 'PATCH' && type.startsWith('application/json-patch'))
    body = JSON.stringify(mutate(jsonPatch()))
  else if (method === 'DELETE')
    body = chance(0.5)
      ? ''
      : JSON.stringify(
          mutate({
            kind: 'DeleteOptions',
            apiVersion: 'v1',
            gracePeriodSeconds: 0,
            propagationPolicy: 'Orphan',
            preconditions: { uid: 'x' },
          }),
        )
  else if (method !== 'GET') body = JSON.stringify(chance(0.4) ? whole : mutate(whole))
  body ??= ''
  if (chance(0.02)) body = body.slice(0, Math.floor(random() * body.length))
  const query = new URLSearchParams()
  for (let count = Math.floor(random() * 3); count > 0; count--) query.append(...pick(QUERIES))
  if (kind.plural === 'pods' && sub === '/log') query.delete('follow')
  const limited = chance(0.15)
  // What she writes then bears her program's name.
  if (limited) query.delete('fieldManager')
  return {
    method,
    path: query.size > 0 ? `${path}?${query}` : path,
    body,
    headers: {
      'content-type': type,
      accept: pick(ACCEPTS),
      ...(chance(0.05) && {
        authorization: pick(['Bearer x', 'Bearer a.b.c', 'Basic eA==', 'Bearer eyJhbGciOiJub25lIn0.e30.AA']),
      }),
      ...(limited && EVE),
    },
  }
}

const PATCHES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'text/plain',
]
const TYPES = [
  'application/json',
  'application/json',
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'x/y',
]
const ACCEPTS = [
  'application/json',
  '*/*',
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'x',
]

const jsonPatch = () => [
  {
    op: pick(['add', 'remove', 'replace', 'move', 'copy', 'test', 'x']),
    path: pick([
      '/spec',
      '/metadata/labels/a',
      '/spec/-',
      '',
      '/',
      '/a~1b/0',
      '/metadata/name',
      '/spec/containers/0/image',
      '/__proto__/polluted',
      '/constructor/prototype/polluted',
    ]),
    from: '/spec',
    value: pick(ODD),
  },
]

const QUERIES: [string, string][] = [
  ['limit', '1'],
  ['limit', '-1'],
  ['limit', 'x'],
  ['continue', 'x'],
  ['continue', 'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiIifQ'],
  ['resourceVersion', '0'],
  ['resourceVersion', '999999'],
  ['resourceVersion', 'x'],
  ['resourceVersionMatch', 'Exact'],
  ['labelSelector', 'a in (b,c),!d'],
  ['labelSelector', 'a in ('],
  ['labelSelector', '((((('],
  ['fieldSelector', 'metadata.name=a'],
  ['fieldSelector', 'x.y!=z'],
  ['watch', 'true'],
  ['timeoutSeconds', '1'],
  ['allowWatchBookmarks', 'true'],
  ['sendInitialEvents', 'true'],
  ['dryRun', 'All'],
  ['dryRun', 'x'],
  ['fieldManager', 'fuzz'],
  ['fieldManager', 'x'.repeat(200)],
  ['force', 'true'],
  ['fieldValidation', 'Strict'],
  ['fieldValidation', 'x'],
  ['gracePeriodSeconds', '0'],
  ['propagationPolicy', 'Foreground'],
  ['orphanDependents', 'maybe'],
  ['includeObject', 'Object'],
  ['pretty', 'true'],
  ['tailLines', '-5'],
  ['sinceTime', 'x'],
  ['container', 'c'],
  ['command', 'ls'],
]

/** Sends a request; gives the code and the text of the answer, without the text of one that has no end. */
async function status(request: Sent): Promise<{ code: number; said: string }> {
  const watches = /watch=true/.test(request.path)
  const answer = await cluster.send(request.method, request.path, request.body, request.headers)
  const code = answer.statusCode!
  const endless = code === 200 && (watches || /\/log/.test(request.path))
  if (endless) answer.destroy()
  return { code, said: endless ? '' : await text(answer) }
}

/** Whether what got through is hers: her ConfigMaps, questions about herself, and what everybody may read. */
function mayEve({ method, path }: Sent): boolean {
  if (EVES.test(path) || REVIEWS.test(path)) return true
  // As a URL is read: `v1/pods/%2e%2e` is `v1`.
  const { pathname } = new URL(path, 'http://cluster')
  return method === 'GET' && /^\/(api|apis|apis\/[^/]+|apis\/[^/]+\/[^/]+|api\/v1)?\/?$/.test(pathname)
}

/** Objects beside the ConfigMaps of `default` that a program wrote to. */
async function writtenBy(program: string): Promise<string[]> {
  const found: string[] = []
  for (const kind of KINDS.filter(({ verbs, storedAs }) => verbs.includes('list') && !storedAs)) {
    const base = kind.group ? `/apis/${kind.group}/${kind.version}` : `/api/${kind.version}`
    const { items = [] } = JSON.parse(await text(await cluster.request('GET', `${base}/${kind.plural}`)))
    for (const { metadata } of items as {
      metadata: Record<string, never> & { managedFields?: { manager: string }[] }
    }[]) {
      const isHers = kind.plural === 'configmaps' && metadata.namespace === ('default' as never)
      if (!isHers && metadata.managedFields?.some(({ manager }) => manager === program))
        found.push(`${kind.plural} ${metadata.namespace}/${metadata.name}`)
    }
  }
  return found
}

const timeout = (request: Sent) =>
  new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`hangs: ${JSON.stringify(request)}`)), LIMIT_MS).unref()
  })

describe(`${REQUESTS} random requests (DRYDOCK_FUZZ_SEED=${seed})`, () => {
  it('are all answered, none with a server error', { timeout: 60_000 + REQUESTS * 20 }, async () => {
    /** What was said → an example of a request. */
    const wrong = new Map<string, string>()
    const counts = new Map<number, number>()
    const trespasses: string[] = []
    let left = REQUESTS
    await Promise.all(
      Array.from({ length: IN_FLIGHT }, async () => {
        while (left-- > 0) {
          const request = randomRequest()
          const { code, said } = await Promise.race([status(request), timeout(request)])
          counts.set(code, (counts.get(code) ?? 0) + 1)
          const isEve = request.headers.authorization === EVE.authorization
          if (isEve && code < 300 && !mayEve(request)) trespasses.push(JSON.stringify(request).slice(0, 900))
          // 501 is the honest answer of what is not simulated, 503 that of a proxied request to nobody.
          const unreachable = code === 503 && /\/proxy(\/|\?|$)/.test(request.path)
          // A version that is yet to come is waited for by the client.
          const early = code === 504 && /resourceVersion=999999/.test(request.path)
          const unasked = code === 500 && /failed calling webhook/.test(said)
          // Upstream answers so, too: kubernetes/kubernetes#139253.
          const untyped = code === 500 && /failed to create typed patch object/.test(said)
          // A Node that only stands in the API has no address: as in kubernetes/minikube#9312.
          const nowhere = code === 500 && /no preferred addresses found/.test(said)
          const modelled = unreachable || early || unasked || untyped || nowhere
          if (code >= 500 && code !== 501 && !modelled)
            wrong.set(said.slice(0, 300), JSON.stringify(request).slice(0, 900))
        }
      }),
    )
    expect([...wrong]).toEqual([])
    expect(trespasses).toEqual([])
    expect(await writtenBy('eve')).toEqual([])
    for (const deep of [
      '['.repeat(100_000),
      '{"a":'.repeat(100_000),
      `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
    ]) {
      const answer = await cluster.send('POST', '/api/v1/namespaces/default/configmaps', `{"data":${deep}}`)
      expect(answer.statusCode).toBe(400)
      await text(answer)
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    // A run in which nothing gets through proves nothing.
    expect(counts.get(200)! + counts.get(201)!).toBeGreaterThan(REQUESTS / 10)
    expect(await text(await cluster.request('GET', '/readyz'))).toBe('ok')
  })
})
