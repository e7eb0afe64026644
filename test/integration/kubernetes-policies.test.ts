import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { createSecureContext, TLSSocket } from 'node:tls'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CertificateIssuer, createAuthority } from '#network/authority.ts'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'

// Policies and webhooks. Sources: kubernetes.io/docs/reference/access-authn-authz/{validating-admission-policy,
// extensible-admission-controllers} and the dispatchers of apiserver/pkg/admission/plugin/{policy,webhook}, read 2026-11.

let cluster: KubectlCluster
/** Audit annotations of creations, by their objects. */
const noted: Record<string, Record<string, string>> = {}
beforeAll(async () => {
  cluster = await kubectlCluster({
    nodes: 1,
    onAnswer: ({ verb, object, annotations }) => {
      if (verb === 'create') noted[`${object?.resource}/${object?.name}`] = annotations
    },
  })
})
afterAll(() => cluster.close())

const kubectl = (command: string, input?: string) => cluster.kubectl(command, input)
const refused = (command: string, input?: string) => cluster.refused(command, input)

const policy = (name: string, spec: string, resources = 'configmaps', group = '') => `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: ${name}}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: ['${group}'], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [${resources}]}]
${spec}
`
const binding = (name: string, actions: string, more = '') => `
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: ${name}}
spec: {policyName: ${name}, validationActions: [${actions}]${more}}
`

describe('a ValidatingAdmissionPolicy', () => {
  it('refuses what an expression does not allow, where a binding says so', async () => {
    const spec = `
  validations:
  - expression: object.spec.replicas <= 2
    messageExpression: "'at most 2 replicas, not ' + string(object.spec.replicas)"
  - expression: "object.spec.template.spec.containers.all(c, !c.image.endsWith(':latest'))"
    message: name a version
    reason: Forbidden
`
    await kubectl('apply -f -', policy('replicas', spec, 'deployments', 'apps'))
    // Without a binding it does nothing.
    expect(await kubectl('create deployment free --image=nginx:1.29 --replicas=3')).toContain('created')
    await kubectl(
      'apply -f -',
      binding(
        'replicas',
        'Deny',
        ', matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: default}}}',
      ),
    )
    expect(await refused('create deployment web --image=nginx:1.29 --replicas=3')).toBe(
      `error: failed to create deployment: deployments.apps "web" is forbidden: ValidatingAdmissionPolicy 'replicas' with binding 'replicas' denied request: at most 2 replicas, not 3\n`,
    )
    expect(await refused('create deployment web --image=nginx:latest')).toContain(
      'denied request: name a version',
    )
    expect(await kubectl('create deployment web --image=nginx:1.29')).toBe('deployment.apps/web created\n')
    expect(await refused('scale deployment web --replicas=5')).toBe(
      `The deployments "web" is invalid: : ValidatingAdmissionPolicy 'replicas' with binding 'replicas' denied request: at most 2 replicas, not 5\n`,
    )
    expect(await kubectl('create deployment web --image=nginx:1.29 --replicas=3 -n kube-public')).toContain(
      'created',
    )
    expect(await kubectl('get validatingadmissionpolicy replicas')).toMatch(
      /^NAME +VALIDATIONS +PARAMKIND +AGE\nreplicas +2 +<unset> +\S+\n$/,
    )
    expect(await kubectl('get validatingadmissionpolicybinding replicas')).toMatch(
      /^NAME +POLICYNAME +PARAMREF +AGE\nreplicas +replicas +<unset> +\S+\n$/,
    )
    expect(
      await kubectl('get validatingadmissionpolicy replicas -o jsonpath={.status.observedGeneration}'),
    ).toBe('1')
    await kubectl('delete validatingadmissionpolicybinding replicas')
    expect(await kubectl('scale deployment web --replicas=3')).toBe('deployment.apps/web scaled\n')
  })

  it('takes its limits from parameters', async () => {
    const spec = `
  paramKind: {apiVersion: v1, kind: ConfigMap}
  matchConditions: [{name: not-exempt, expression: "object.metadata.name != 'exempt'"}]
  variables: [{name: allowed, expression: "params.data.keys.split(',')"}]
  validations:
  - expression: "!has(object.data) || object.data.all(k, k in variables.allowed)"
`
    await kubectl('apply -f -', policy('keys', spec, 'secrets'))
    const params = ', paramRef: {name: limits, namespace: default, parameterNotFoundAction: Deny}'
    await kubectl('apply -f -', binding('keys', 'Deny', params))
    expect(await refused('create secret generic a --from-literal=x=1')).toContain(
      'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
    )
    await kubectl('create cm limits --from-literal=keys=x,y')
    expect(await kubectl('create secret generic a --from-literal=x=1')).toBe('secret/a created\n')
    expect(await kubectl('create secret generic exempt --from-literal=z=1')).toBe('secret/exempt created\n')
    expect(await refused('create secret generic b --from-literal=z=1')).toContain(
      'denied request: failed expression: !has(object.data) || object.data.all(k, k in variables.allowed)',
    )
    expect(await refused('patch secret a -p {"stringData":{"z":"1"}}')).toContain(
      'The secrets "a" is invalid: : ValidatingAdmissionPolicy',
    )
    expect(await kubectl('get validatingadmissionpolicybinding keys')).toContain('default/limits')
    await kubectl('delete validatingadmissionpolicy keys')
  })

  it('warns, and decides by failurePolicy what an error means', async () => {
    const spec = `
  validations: [{expression: "object.data.missing == 'x'"}]`
    await kubectl('apply -f -', `${policy('careful', spec)}${binding('careful', 'Warn, Audit')}`)
    expect(await cluster.both('create cm warned --from-literal=a=1')).toBe(
      `Warning: Validation failed for ValidatingAdmissionPolicy 'careful' with binding 'careful': expression 'object.data.missing == 'x'' resulted in error: no such key: missing\nconfigmap/warned created\n`,
    )
    await kubectl(
      'patch validatingadmissionpolicy careful --type=merge -p {"spec":{"failurePolicy":"Ignore"}}',
    )
    expect(await cluster.both('create cm ignored --from-literal=a=1')).toBe('configmap/ignored created\n')
    await kubectl('delete validatingadmissionpolicy careful')
  })

  it('says what it has seen to the audit log', async () => {
    const spec = `
  validations:
  - {expression: "size(object.data) < 2", message: one key}
  - {expression: "!has(object.data.b)", message: no b}
  auditAnnotations:
  - {key: keys, valueExpression: "'has ' + string(size(object.data))"}
  - {key: none, valueExpression: "null"}
  - {key: wrong, valueExpression: "has(object.data.wrong) ? dyn(1) : dyn('')"}`
    await kubectl('apply -f -', `${policy('audited', spec)}${binding('audited', 'Audit')}`)
    expect(await cluster.both('create cm two --from-literal=a=1 --from-literal=b=2')).toBe(
      'configmap/two created\n',
    )
    const { 'validation.policy.admission.k8s.io/validation_failure': failure, ...rest } =
      noted['configmaps/two']!
    expect(JSON.parse(failure!)).toEqual([
      {
        message: 'one key',
        policy: 'audited',
        binding: 'audited',
        expressionIndex: 0,
        validationActions: ['Audit'],
      },
    ])
    expect(rest).toEqual({ 'audited/keys': 'has 2' })
    expect(await refused('create cm bad --from-literal=wrong=1')).toContain(
      `valueExpression 'has(object.data.wrong) ? dyn(1) : dyn('')' resulted in unsupported return type: int. Return type must be either string or null.`,
    )
    await kubectl('delete validatingadmissionpolicy audited')
  })

  it('costs as much as it may, and is stopped then', async () => {
    // https://kubernetes.io/docs/reference/using-api/cel/#resource-constraints
    const withKeys = (count: number) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'many' },
        data: Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, ''])),
      })
    const pairs = 'object.data.all(a, object.data.exists_one(b, a == b))'
    const validations = (count: number) =>
      `\n  validations: [${Array.from({ length: count }, () => `{expression: "${pairs}"}`).join(', ')}]`
    await kubectl('apply -f -', `${policy('dear', validations(1))}${binding('dear', 'Deny')}`)
    expect(await refused('create -f -', withKeys(700))).toContain(
      `denied request: expression '${pairs}' resulted in error: operation cancelled: actual cost limit exceeded\n`,
    )
    // Each is cheap enough, all of them are not.
    await kubectl('apply -f -', policy('dear', validations(20)))
    expect(await refused('create -f -', withKeys(400))).toContain(
      `ValidatingAdmissionPolicy 'dear' with binding 'dear' denied request: validation failed due to running out of cost budget, no further validation rules will be run\n`,
    )
    await kubectl('delete validatingadmissionpolicy dear')
  })

  it('knows who asks, the namespace and the old object', async () => {
    const spec = `
  validations:
  - expression: "request.operation != 'UPDATE' || oldObject.data == object.data"
    message: data is fixed
  - expression: "authorizer.group('').resource('secrets').namespace(request.namespace).check('get').allowed()"
    message: only for those who read secrets
  - expression: "request.userInfo.username != 'mallory' && namespaceObject.metadata.name == request.namespace"
`
    await kubectl('apply -f -', `${policy('context', spec)}${binding('context', 'Deny')}`)
    await kubectl('create cm fixed --from-literal=a=1')
    expect(await refused('patch cm fixed -p {"data":{"a":"2"}}')).toContain('data is fixed')
    expect(await kubectl('label cm fixed a=b')).toContain('labeled')
    await kubectl('create clusterrole writer --verb=create --resource=configmaps')
    await kubectl('create clusterrolebinding writer --clusterrole=writer --user=alice --user=mallory')
    expect(await refused('create cm no --as alice')).toContain('only for those who read secrets')
    await kubectl('create clusterrolebinding seer --clusterrole=view --user=mallory')
    await kubectl('create clusterrole secrets --verb=get --resource=secrets')
    await kubectl('create clusterrolebinding secrets --clusterrole=secrets --user=mallory --user=alice')
    expect(await refused('create cm no --as mallory')).toContain(
      "failed expression: request.userInfo.username != 'mallory'",
    )
    expect(await kubectl('create cm yes --as alice')).toContain('created')
    await kubectl('delete validatingadmissionpolicy context')
  })

  it('is checked when it is made', async () => {
    expect(
      await refused(
        'create -f -',
        policy('bad', '  validations: [{expression: "object.spec. =="}, {expression: "foo.bar == 1"}]'),
      ),
    ).toMatch(
      /^The ValidatingAdmissionPolicy "bad" is invalid: \n\* spec.validations\[0\].expression: Invalid value: "object.spec. ==": compilation failed: ERROR: <input>:1:14: Syntax error: mismatched input '==' expecting IDENTIFIER\n \| object.spec. ==\n \| \.{13}\^\n\* spec.validations\[1\].expression: Invalid value: "foo.bar == 1": compilation failed: ERROR: <input>:1:1: undeclared reference to 'foo' \(in container ''\)\n \| foo.bar == 1\n \| \^\n$/,
    )
    expect(await refused('create -f -', binding('bad', 'Deny, Warn'))).toContain(
      'spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both Deny and Warn',
    )
    expect(await refused('create -f -', binding('bad', 'Refuse'))).toContain(
      'spec.validationActions[0]: Unsupported value: "Refuse": supported values: "Audit", "Deny", "Warn"',
    )
  })
})

// Source: kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy#type-checking, read 2026-11.
describe('the types of a policy', () => {
  it('are checked against the kinds that it matches, and told in its status', async () => {
    const spec = `
  variables: [{name: pods, expression: object.spec.template.spec}]
  validations:
  - expression: object.replicas > 1
    message: wrong place
  - expression: "variables.pods.containers.all(c, c.image != '' && c.imageName != '')"
  - expression: "object.metadata.name > 3"
  - expression: "object.spec.replicas <= 5 && has(object.metadata.labels) && object.metadata.labels.all(k, k != 'x')"`
    await kubectl('apply -f -', policy('typed', spec, 'deployments, replicasets', 'apps'))
    await kubectl(
      'wait --for=jsonpath={.status.observedGeneration}=1 validatingadmissionpolicy/typed --timeout=10s',
    )
    const { status } = JSON.parse(await kubectl('get validatingadmissionpolicy typed -o json'))
    const both = (error: string) => `apps/v1, Kind=Deployment: ${error}\napps/v1, Kind=ReplicaSet: ${error}`
    expect(status.typeChecking.expressionWarnings).toEqual([
      {
        fieldRef: 'spec.validations[0].expression',
        warning: both("ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^"),
      },
      {
        fieldRef: 'spec.validations[1].expression',
        warning: both(
          "ERROR: <input>:1:52: undefined field 'imageName'\n | variables.pods.containers.all(c, c.image != '' && c.imageName != '')\n | ...................................................^",
        ),
      },
      {
        fieldRef: 'spec.validations[2].expression',
        warning: both(
          "ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(string, int)'\n | object.metadata.name > 3\n | .....................^",
        ),
      },
    ])
    await kubectl('delete validatingadmissionpolicy typed')
  })
})

type Review = { request: Record<string, never> & { uid: string; object: { metadata: { name?: string } } } }
/** What the webhook answers beside the uid. */
let answer: (review: Review) => object | undefined
let asked: Review[] = []

async function serve(req: IncomingMessage, res: ServerResponse) {
  const review = (await json(req)) as Review
  asked.push(review)
  const response = answer(review)
  // A webhook that says nothing lets the request wait.
  if (!response) return
  res.writeHead(200, { 'content-type': 'application/json' })
  res.end(
    JSON.stringify({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: review.request.uid, allowed: true, ...response },
    }),
  )
}

const ADDRESS = '10.9.9.9'
let bundle: string

/** A webhook server behind the Service `hooks`, and one that speaks no TLS behind `plain`. */
async function startWebhook(): Promise<void> {
  const authority = await createAuthority('webhooks', Date.now())
  bundle = Buffer.from(authority.certificate).toString('base64')
  const issuer = new CertificateIssuer(authority, Date.now)
  const { certificate, privateKey } = await issuer.issue('hooks.default.svc')
  const secureContext = createSecureContext({ cert: certificate, key: privateKey })
  const server = createServer((req, res) => void serve(req, res))
  cluster.network.addAddress(ADDRESS)
  cluster.network.listen(ADDRESS, 8443, (socket) => {
    const secure = new TLSSocket(socket as never, { isServer: true, secureContext })
    secure.on('error', () => secure.destroy())
    server.emit('connection', secure)
  })
  cluster.network.listen(ADDRESS, 80, (socket) => server.emit('connection', socket))
  for (const [name, target] of [
    ['hooks', 8443],
    ['plain', 80],
    ['down', 81],
  ]) {
    await kubectl(
      'apply -f -',
      `
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {ports: [{port: 443, targetPort: ${target}}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
endpoints: [{addresses: [${ADDRESS}]}]
ports: [{port: ${target}}]
`,
    )
  }
}

const hook = (kind: 'Mutating' | 'Validating', name: string, rule: string, more = '', service = 'hooks') => `
apiVersion: admissionregistration.k8s.io/v1
kind: ${kind}WebhookConfiguration
metadata: {name: ${name}}
webhooks:
- name: ${name}.example.com
  clientConfig: {service: {name: ${service}, namespace: default, path: /admit}, caBundle: ${bundle}}
  rules: [${rule}]
  sideEffects: None
  admissionReviewVersions: [v1]
${more}`

const CONFIG_MAPS =
  "{apiGroups: [''], apiVersions: [v1], operations: [CREATE, UPDATE, DELETE], resources: [configmaps]}"
const PODS = "{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]}"
const patch = (...operations: object[]) => ({
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
})

describe('a webhook', () => {
  beforeAll(startWebhook)
  beforeEach(() => {
    asked = []
    answer = () => ({})
  })

  it('is asked about what its rules name, and may refuse it', async () => {
    await kubectl('apply -f -', hook('Validating', 'check', CONFIG_MAPS))
    expect(await kubectl('get validatingwebhookconfiguration check')).toMatch(
      /^NAME +WEBHOOKS +AGE\ncheck +1 +\S+\n$/,
    )
    answer = () => ({ allowed: false, status: { code: 403, message: 'not today' } })
    expect(await refused('create cm hooked --from-literal=a=1')).toBe(
      'error: failed to create configmap: admission webhook "check.example.com" denied the request: not today\n',
    )
    expect(asked[0]!.request).toMatchObject({
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      resource: { group: '', version: 'v1', resource: 'configmaps' },
      operation: 'CREATE',
      name: 'hooked',
      namespace: 'default',
      userInfo: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
      object: { data: { a: '1' } },
      oldObject: null,
      dryRun: false,
    })
    answer = () => ({ allowed: false })
    expect(await refused('create cm hooked')).toContain('denied the request without explanation')
    answer = () => ({ warnings: ['mind the gap'] })
    expect(await cluster.both('create cm hooked')).toBe('Warning: mind the gap\nconfigmap/hooked created\n')
    expect(await kubectl('create secret generic other')).toContain('created')
    answer = () => ({ allowed: false, status: { message: 'keep it' } })
    expect(await refused('delete cm hooked')).toContain(
      'admission webhook "check.example.com" denied the request: keep it',
    )
    expect(asked.at(-1)!.request).toMatchObject({
      operation: 'DELETE',
      object: null,
      oldObject: { metadata: { name: 'hooked' } },
    })
    answer = () => ({})
    expect(await kubectl('create cm dry --dry-run=server')).toBe('configmap/dry created (server dry run)\n')
    expect(asked.at(-1)!.request.dryRun).toBe(true)
    await kubectl('delete validatingwebhookconfiguration check')
  })

  // Source: apiserver/pkg/endpoints/handlers/rest.go (ConnectResource), k8s.io/api/core/v1 (PodExecOptions).
  it('sees connections to pods, and may refuse them', async () => {
    await kubectl('run shell --image=busybox --command -- sleep 1000')
    await kubectl('wait --for=condition=Ready pod/shell --timeout=30s')
    const rule =
      "{apiGroups: [''], apiVersions: [v1], operations: [CONNECT], resources: [pods/exec, pods/attach, pods/portforward, pods/proxy]}"
    await kubectl('apply -f -', hook('Validating', 'connect', rule))
    expect(await kubectl('exec shell -- echo hi')).toBe('hi\n')
    expect(asked).toHaveLength(1)
    expect(asked[0]!.request).toMatchObject({
      kind: { group: '', version: 'v1', kind: 'PodExecOptions' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      subResource: 'exec',
      name: 'shell',
      namespace: 'default',
      operation: 'CONNECT',
      object: {
        kind: 'PodExecOptions',
        stdout: true,
        stderr: true,
        container: 'shell',
        command: ['echo', 'hi'],
      },
      oldObject: null,
      options: null,
    })
    answer = () => ({ allowed: false, status: { message: 'no shells here' } })
    expect(await refused('exec shell -- echo hi')).toBe(
      'Error from server: admission webhook "connect.example.com" denied the request: no shells here\n',
    )
    expect(await refused('get --raw /api/v1/namespaces/default/pods/shell/proxy/')).toContain(
      'no shells here',
    )
    await kubectl('delete validatingwebhookconfiguration connect')
    const expression =
      '  validations: [{expression: "object.command[0] != \'rm\'", message: nothing is removed}]'
    const denial = policy('commands', expression, 'pods/exec').replace('CREATE, UPDATE', 'CONNECT')
    await kubectl('apply -f -', `${denial}${binding('commands', 'Deny')}`)
    expect(await refused('exec shell -- rm -r /')).toContain(
      `ValidatingAdmissionPolicy 'commands' with binding 'commands' denied request: nothing is removed`,
    )
    expect(await kubectl('exec shell -- echo ok')).toBe('ok\n')
    await kubectl('delete validatingadmissionpolicy commands')
    await kubectl('delete pod shell --now')
  })

  it('is left out by its selectors and conditions', async () => {
    const more = `
  namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-public]}]}
  objectSelector: {matchLabels: {watched: 'yes'}}
  matchConditions: [{name: not-bob, expression: "request.userInfo.username != 'bob'"}]`
    await kubectl('apply -f -', hook('Validating', 'picky', CONFIG_MAPS, more))
    answer = () => ({ allowed: false })
    const labelled = '{apiVersion: v1, kind: ConfigMap, metadata: {name: labelled, labels: {watched: "yes"}}}'
    expect(await kubectl('create cm unlabelled')).toContain('created')
    expect(await refused('create -f -', labelled)).toContain('denied the request')
    expect(await kubectl('create -n kube-public -f -', labelled)).toContain('created')
    expect(await kubectl('create --as bob --as-group system:masters -f -', labelled)).toContain('created')
    await kubectl('delete validatingwebhookconfiguration picky')
  })

  it('changes what is made, by people and by controllers', async () => {
    await kubectl('apply -f -', hook('Mutating', 'sidecar', PODS, '  reinvocationPolicy: IfNeeded'))
    answer = (review) => {
      const containers = (review.request.object as never as { spec: { containers: { name: string }[] } }).spec
        .containers
      if (containers.some(({ name }) => name === 'proxy')) return {}
      return patch({ op: 'add', path: '/spec/containers/-', value: { name: 'proxy', image: 'nginx:1.29' } })
    }
    await kubectl('run one --image=nginx:1.29')
    expect(await kubectl('get pod one -o jsonpath={.spec.containers[*].name}')).toBe('one proxy')
    // What comes from a webhook is defaulted, and admitted again: it gets the account's token too.
    expect(await kubectl('get pod one -o jsonpath={.spec.containers[1].imagePullPolicy}')).toBe(
      'IfNotPresent',
    )
    expect(await kubectl('get pod one -o jsonpath={.spec.containers[1].volumeMounts[0].mountPath}')).toBe(
      '/var/run/secrets/kubernetes.io/serviceaccount',
    )
    expect(await kubectl('get pod one -o jsonpath={.spec.volumes[*].name}')).toMatch(
      /^kube-api-access-\w{5}$/,
    )
    await kubectl('create deployment two --image=nginx:1.29 --replicas=2')
    await kubectl('wait --for=jsonpath={.status.replicas}=2 deployment/two --timeout=20s')
    const images = 'get pods -l app=two -o jsonpath={.items[*].spec.containers[*].name}'
    await expect.poll(() => kubectl(images), { timeout: 10_000 }).toBe('nginx proxy nginx proxy')
    expect(await kubectl('get events --field-selector reason=FailedCreate')).toBe('')
    await kubectl('delete mutatingwebhookconfiguration sidecar')
  })

  // Source: apiserver/pkg/endpoints/handlers/fieldmanager/admission.go.
  it('may not spoil the record of who owns which field', async () => {
    await kubectl('apply -f -', hook('Mutating', 'owners', CONFIG_MAPS))
    answer = () => patch({ op: 'replace', path: '/metadata/managedFields/0/operation', value: 'Bogus' })
    expect(await cluster.both('create cm owned --from-literal=a=1')).toContain(
      'Warning: .metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests',
    )
    expect(
      await kubectl('get cm owned --show-managed-fields -o jsonpath={.metadata.managedFields[*].operation}'),
    ).toBe('Update')
    await kubectl('delete mutatingwebhookconfiguration owners')
  })

  it('that cannot be asked stops everything, or is passed over', async () => {
    const url = (service: string) => `Post "https://${service}.default.svc:443/admit?timeout=10s"`
    const calling =
      'Internal error occurred: failed calling webhook "broken.example.com": failed to call webhook:'
    const broken = async (service: string, more = '') => {
      await kubectl('apply -f -', hook('Validating', 'broken', CONFIG_MAPS, more, service))
      return refused('create cm stopped')
    }
    expect(await broken('nowhere')).toContain(`${calling} ${url('nowhere')}: service "nowhere" not found`)
    expect(await broken('down')).toContain(
      `${calling} ${url('down')}: dial tcp 10.9.9.9:81: connect: connection refused`,
    )
    expect(await broken('plain')).toContain('http: server gave HTTP response to HTTPS client')
    await kubectl('create service clusterip empty --tcp=443')
    expect(await broken('empty')).toContain(
      `${calling} ${url('empty')}: no endpoints available for service "empty"`,
    )
    answer = () => ({ uid: 'wrong' })
    expect(await broken('hooks')).toMatch(
      /received invalid webhook response: expected response.uid="[-\w]+", got "wrong"/,
    )
    const trusted = bundle
    bundle = Buffer.from((await createAuthority('other', Date.now())).certificate).toString('base64')
    expect(await broken('hooks')).toContain(
      'tls: failed to verify certificate: x509: certificate signed by unknown authority',
    )
    bundle = trusted
    await kubectl(
      'apply -f -',
      hook('Validating', 'broken', CONFIG_MAPS, '  failurePolicy: Ignore', 'nowhere'),
    )
    expect(await kubectl('create cm passed')).toContain('created')
    await kubectl('delete validatingwebhookconfiguration broken')
  })

  it('has as much time as it is given', async () => {
    await kubectl('apply -f -', hook('Validating', 'slow', CONFIG_MAPS, '  timeoutSeconds: 1'))
    answer = () => undefined
    expect(await refused('create cm late')).toContain(
      'Post "https://hooks.default.svc:443/admit?timeout=1s": context deadline exceeded',
    )
    await kubectl('delete validatingwebhookconfiguration slow')
  })

  it('is checked when it is made', async () => {
    expect(
      await refused(
        'create -f -',
        `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: bad}
webhooks:
- {name: short, clientConfig: {url: 'http://example.com'}, sideEffects: Some, admissionReviewVersions: [v2], timeoutSeconds: 60, rules: [{operations: [READ]}]}
`,
      ),
    ).toBe(
      [
        'The ValidatingWebhookConfiguration "bad" is invalid: ',
        '* webhooks[0].name: Invalid value: "short": should be a domain with at least three segments separated by dots',
        '* webhooks[0].admissionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1',
        '* webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
        '* webhooks[0].timeoutSeconds: Invalid value: 60: the timeout value must be between 1 and 30 seconds',
        `* webhooks[0].clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
        '* webhooks[0].rules[0].apiGroups: Required value',
        '* webhooks[0].rules[0].apiVersions: Required value',
        '* webhooks[0].rules[0].resources: Required value',
        '* webhooks[0].rules[0].operations[0]: Unsupported value: "READ": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
        '',
      ].join('\n'),
    )
  })
})
