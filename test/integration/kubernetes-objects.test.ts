import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'

// The verbs on objects. Sources: kubernetes.io/docs/reference/using-api (api-concepts, server-side-apply), kubectl's documentation of
// create, apply, patch, delete, label, annotate, replace, diff and wait, and apimachinery's validation of list options, read 2026-11.

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster()
})
afterAll(() => cluster.close())

const kubectl = (command: string, input?: string) => cluster.kubectl(command, input)
const refused = (command: string, input?: string) => cluster.refused(command, input)
const get = async (path: string) => JSON.parse(await text(await cluster.request('GET', path)))

describe('creating', () => {
  it('gives objects what the server knows of them', async () => {
    expect(await kubectl('create cm one --from-literal=a=1 --from-literal=b=2')).toBe(
      'configmap/one created\n',
    )
    const made = JSON.parse(await kubectl('get cm one -o json'))
    expect(made).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { a: '1', b: '2' } })
    expect(made.metadata.uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/)
    expect(made.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    expect(await refused('create cm one')).toBe(
      'error: failed to create configmap: configmaps "one" already exists\n',
    )
    const generated = await kubectl(
      'create -f - -o name',
      '{apiVersion: v1, kind: ConfigMap, metadata: {generateName: many-}}',
    )
    expect(generated).toMatch(/^configmap\/many-[bcdfghjklmnpqrstvwxz2456789]{5}\n$/)
    expect(await refused('create -f -', '{apiVersion: v1, kind: ConfigMap, metadata: {}}')).toContain(
      'The ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    )
    expect(await refused('create cm x -n nowhere')).toBe(
      'error: failed to create configmap: namespaces "nowhere" not found\n',
    )
    expect(await kubectl('create cm dry --dry-run=server -o jsonpath={.metadata.name}')).toBe('dry')
    expect(await refused('get cm dry')).toContain('NotFound')
    expect(await kubectl('create cm dry --dry-run=client -o yaml')).toBe(
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: dry\n',
    )
  })

  it('refuses, warns of or ignores what a kind does not have', async () => {
    const wrong = (name: string) =>
      `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}","naem":"x"},"data":{"a":"1"},"spec":{}}`
    expect(await refused('apply -f - --validate=strict', wrong('strict'))).toBe(
      'Error from server (BadRequest): error when creating "STDIN": ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "metadata.naem", unknown field "spec"\n',
    )
    expect(await refused('apply -f -', wrong('default'))).toContain('strict decoding error')
    expect(await cluster.both('apply -f - --validate=warn', wrong('warn'))).toBe(
      'Warning: unknown field "metadata.naem"\nWarning: unknown field "spec"\nconfigmap/warn created\n',
    )
    expect(await cluster.both('apply -f - --validate=ignore', wrong('ignore'))).toBe(
      'configmap/ignore created\n',
    )
  })

  it('says where a value has the wrong type', async () => {
    const pod = (container: string) =>
      refused(
        'create -f -',
        `{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [${container}]}}`,
      )
    expect(await pod('{name: c, image: 5}')).toContain(
      'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal number into Go struct field Container.spec.containers.image of type string',
    )
    expect(await pod('{name: c, image: x, resources: {limits: {cpu: lots}}}')).toContain(
      'quantities must match the regular expression',
    )
    expect(
      await refused('create -f -', '{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: "?"}}'),
    ).toContain('illegal base64 data at input byte 0')
  })
})

describe('changing', () => {
  it('patches in three ways', async () => {
    await kubectl('create deployment web --image=nginx:1.29')
    expect(
      await kubectl(
        'patch deployment web -p {"spec":{"template":{"spec":{"containers":[{"name":"nginx","env":[{"name":"A","value":"1"}]}]}}}}',
      ),
    ).toBe('deployment.apps/web patched\n')
    // A strategic merge keeps what else the container has.
    expect(await kubectl('get deployment web -o jsonpath={.spec.template.spec.containers[0].image}')).toBe(
      'nginx:1.29',
    )
    expect(await kubectl('patch deployment web --type=merge -p {"spec":{"replicas":2}}')).toContain('patched')
    expect(await kubectl('patch deployment web --type=merge -p {"spec":{"replicas":2}}')).toBe(
      'deployment.apps/web patched (no change)\n',
    )
    expect(
      await kubectl(
        'patch deployment web --type=json -p [{"op":"remove","path":"/spec/template/spec/containers/0/env"}]',
      ),
    ).toContain('patched')
    expect(await kubectl('get deployment web -o jsonpath={.spec.template.spec.containers[0].env}')).toBe('')
    expect(
      await refused('patch deployment web --type=json -p [{"op":"test","path":"/spec/replicas","value":9}]'),
    ).toBe('The request is invalid: the server rejected our request due to an error in our request\n')
    expect(
      await kubectl('patch deployment web --subresource=scale --type=merge -p {"spec":{"replicas":1}}'),
    ).toBe('scale.autoscaling/web patched\n')
    expect(
      await refused('patch deployment web -p {"spec":{"selector":{"matchLabels":{"x":"y"}}}}'),
    ).toContain('spec.selector: Invalid value: {"matchLabels":{"app":"web","x":"y"}}: field is immutable')
    expect(await kubectl('get deployment web -o jsonpath={.metadata.generation}')).toBe('5')
    expect(await refused('patch cm one -p null')).not.toBe('')
  })

  it('labels and annotates', async () => {
    expect(await kubectl('label cm one tier=a')).toBe('configmap/one labeled\n')
    expect(await refused('label cm one tier=b')).toBe(
      `error: 'tier' already has a value (a), and --overwrite is false\n`,
    )
    expect(await kubectl('label cm one tier=b --overwrite')).toBe('configmap/one labeled\n')
    expect(await kubectl('label cm one tier=b --overwrite')).toBe('configmap/one not labeled\n')
    expect(await kubectl('get cm -L tier one')).toMatch(/^NAME +DATA +AGE +TIER\none +2 +\S+ +b\n$/)
    expect(await kubectl('get cm one --show-labels')).toMatch(/LABELS\none .* tier=b\n$/)
    expect(await kubectl('label cm one tier-')).toBe('configmap/one unlabeled\n')
    expect(await kubectl('annotate cm one note=hello')).toBe('configmap/one annotated\n')
    expect(await refused('label cm one bad=a/b')).toContain(
      'invalid label value: "bad=a/b": a valid label must be an empty string',
    )
    expect(await kubectl('label cm --all marked=yes -o name')).toContain('configmap/one\n')
  })

  it('notices that somebody else was faster', async () => {
    const before = await kubectl('get cm one -o json')
    await kubectl('annotate cm one note=later --overwrite')
    expect(await refused('replace -f -', before)).toBe(
      'Error from server (Conflict): error when replacing "STDIN": Operation cannot be fulfilled on configmaps "one": the object has been modified; please apply your changes to the latest version and try again\n',
    )
    const { metadata, ...rest } = JSON.parse(before)
    delete metadata.resourceVersion
    expect(await kubectl('replace -f -', JSON.stringify({ ...rest, metadata }))).toBe(
      'configmap/one replaced\n',
    )
    expect(
      await refused('replace -f -', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"nope"}}'),
    ).toContain('configmaps "nope" not found')
    expect(
      await kubectl(
        'replace --force -f -',
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"},"data":{"a":"9"}}',
      ),
    ).toContain('configmap/one replaced')
  })

  it('keeps what is immutable', async () => {
    await kubectl(
      'create -f -',
      '{apiVersion: v1, kind: ConfigMap, metadata: {name: fixed}, data: {a: "1"}, immutable: true}',
    )
    expect(await refused('patch cm fixed -p {"data":{"a":"2"}}')).toBe(
      'The ConfigMap "fixed" is invalid: data: Forbidden: field is immutable when `immutable` is set\n',
    )
    await kubectl('create service clusterip svc --tcp=80')
    expect(await refused('patch service svc -p {"spec":{"clusterIP":"10.100.9.9"}}')).toContain(
      'may not change once set',
    )
    expect(await refused('patch pc system-node-critical -p {"value":1}')).toBe(
      'The PriorityClass "system-node-critical" is invalid: value: Invalid value: 1: field is immutable\n',
    )
    await kubectl('create secret generic sec --from-literal=a=1')
    expect(await refused('patch secret sec -p {"type":"x"}')).toContain(
      'type: Invalid value: "x": field is immutable',
    )
  })
})

describe('applying', () => {
  const config = (data: string) =>
    `{apiVersion: v1, kind: ConfigMap, metadata: {name: applied}, data: ${data}}`

  it('merges what was applied before, what is there, and what is wanted', async () => {
    expect(await kubectl('apply -f -', config('{a: "1", b: "2"}'))).toBe('configmap/applied created\n')
    await kubectl('patch cm applied -p {"data":{"c":"3"}}')
    expect(await kubectl('apply -f -', config('{a: "1"}'))).toBe('configmap/applied configured\n')
    expect(await kubectl('get cm applied -o jsonpath={.data}')).toBe('{"a":"1","c":"3"}')
    expect(await kubectl('apply -f -', config('{a: "1"}'))).toBe('configmap/applied unchanged\n')
    const different = await cluster.run(['diff', '-f', '-'], { input: config('{a: "8"}') })
    expect(different.code).toBe(1)
    expect(different.stdout).toMatch(/^-\s+a: "1"\n\+\s+a: "8"$/m)
    expect((await cluster.run(['diff', '-f', '-'], { input: config('{a: "1"}') })).code).toBe(0)
    expect(await kubectl('apply view-last-applied cm applied')).toContain('a: "1"')
    await kubectl('create cm bare')
    expect(await cluster.both('apply -f -', config('{}').replace('applied', 'bare'))).toContain(
      'Warning: resource configmaps/bare is missing the kubectl.kubernetes.io/last-applied-configuration annotation',
    )
  })

  it('on the server keeps track of who owns what', async () => {
    const apply = 'apply --server-side -f -'
    const file = (data: string) => config(data).replace('applied', 'owned')
    expect(await kubectl(`${apply} --field-manager=one`, file('{a: "1"}'))).toBe(
      'configmap/owned serverside-applied\n',
    )
    expect(await refused(`${apply} --field-manager=two`, file('{a: "2"}'))).toMatch(
      /^error: Apply failed with 1 conflict: conflict with "one": \.data\.a\nPlease review the fields above--they currently have other managers\./,
    )
    expect(await kubectl(`${apply} --field-manager=two --force-conflicts`, file('{a: "2"}'))).toContain(
      'serverside-applied',
    )
    expect(await kubectl(`${apply} --field-manager=two`, file('{}'))).toContain('serverside-applied')
    expect(await kubectl('get cm owned -o jsonpath={.data}')).toBe('')
    await kubectl(`${apply} --field-manager=two`, file('{b: "1"}'))
    const owned = await kubectl(
      'get cm owned --show-managed-fields -o jsonpath={.metadata.managedFields[?(@.manager=="two")].fieldsV1}',
    )
    expect(JSON.parse(owned)).toEqual({ 'f:data': { 'f:b': {} } })
    expect(await kubectl('get cm owned -o yaml')).not.toContain('managedFields')
  })
})

describe('listing', () => {
  it('selects by labels and fields', async () => {
    for (const [name, labels] of [
      ['l1', 'app=a,env=x'],
      ['l2', 'app=a'],
      ['l3', 'app=b,env=y'],
    ]) {
      await kubectl(`create cm ${name}`)
      await kubectl(`label cm ${name} ${labels!.replace(',', ' ')}`)
    }
    const names = async (selector: string) =>
      (await kubectl(`get cm -o name ${selector}`))
        .trim()
        .split('\n')
        .map((name) => name.slice(10))
    expect(await names('-l app=a')).toEqual(['l1', 'l2'])
    expect(await names('-l app=a,env')).toEqual(['l1'])
    expect(await names(`-l 'app in (a,b),!env'`)).toEqual(['l2'])
    expect(await names(`-l 'app,env notin (x)'`)).toEqual(['l2', 'l3'])
    expect(await names('-l app!=a,app')).toEqual(['l3'])
    expect(await names('--field-selector metadata.name=l3')).toEqual(['l3'])
    expect(await refused('get pods --field-selector spec.foo=x')).toContain(
      'field label not supported: spec.foo',
    )
    // apimachinery/pkg/labels/selector.go
    expect(await refused(`get cm -l 'a in (b'`)).toContain(
      `that match label selector "a in (b", field selector "": unable to parse requirement: found '', expected: ',' or ')'\n`,
    )
    expect(await refused('get cm -l app=a=b')).toContain(
      `field selector "": found '=', expected: ',' or 'end of string'\n`,
    )
    expect(await refused('get cm -l app:a')).toContain(
      'unable to parse requirement: <nil>: Invalid value: "app:a": name part must consist of alphanumeric',
    )
    expect(await refused('get cm -l app=a:b')).toContain(
      'unable to parse requirement: values[0][app]: Invalid value: "a:b": a valid label must be an empty string or',
    )
    expect(await kubectl('get cm l1 l2 -o name')).toBe('configmap/l1\nconfigmap/l2\n')
    expect(await kubectl('get cm,secret -o name -l app=b')).toBe('configmap/l3\n')
    expect(await kubectl('get pods -l none=such')).toBe('')
  })

  it('comes in pages', async () => {
    const path = '/api/v1/namespaces/default/configmaps'
    expect((await kubectl('get cm --chunk-size=1 -o name')).split('\n').length).toBeGreaterThan(5)
    const first = await get(`${path}?limit=2`)
    expect(first.items).toHaveLength(2)
    expect(first.metadata.remainingItemCount).toBeGreaterThan(2)
    await kubectl('create cm zzz-later')
    const rest = await get(`${path}?limit=100&continue=${first.metadata.continue}`)
    // The pages of a list are of one moment.
    expect(rest.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
    expect(rest.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).not.toContain(
      'zzz-later',
    )
    expect(await get(`${path}?continue=x`)).toMatchObject({ code: 400, reason: 'BadRequest' })
  })

  it('is of the version that is asked for', async () => {
    const path = '/api/v1/namespaces/default/configmaps'
    const { metadata } = await get(path)
    await kubectl('create cm newer')
    const exact = await get(`${path}?resourceVersion=${metadata.resourceVersion}&resourceVersionMatch=Exact`)
    expect(exact.items.some((item: { metadata: { name: string } }) => item.metadata.name === 'newer')).toBe(
      false,
    )
    const about = async (query: string) => (await get(`${path}?${query}`)).message
    expect(await about('resourceVersionMatch=Exact')).toBe(
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    )
    expect(await about('resourceVersion=5&resourceVersionMatch=Nope')).toContain(
      'Unsupported value: "Nope": supported values: "Exact", "NotOlderThan", ""',
    )
    expect(await about('resourceVersion=0&resourceVersionMatch=Exact')).toContain(
      'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    )
    expect(await about('resourceVersion=x')).toBe(
      'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
    )
    expect(await get(`${path}?resourceVersion=99999999`)).toMatchObject({
      code: 504,
      reason: 'Timeout',
      details: { causes: [{ reason: 'ResourceVersionTooLarge' }], retryAfterSeconds: 1 },
    })
    expect(await about('watch=true&sendInitialEvents=true')).toContain(
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    )
    expect(await about('sendInitialEvents=true')).toContain('sendInitialEvents is forbidden for list')
    expect(await about(`watch=true&labelSelector=${encodeURIComponent('a in (')}`)).toContain(
      'unable to parse requirement',
    )
    const events = await text(
      await cluster.request(
        'GET',
        `${path}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1`,
      ),
    )
    const last = JSON.parse(events.trim().split('\n').at(-1)!)
    expect(last).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    })
  })

  it('prints in every form', async () => {
    expect(await kubectl('get cm l1 -o jsonpath={.metadata.labels.app}')).toBe('a')
    expect(await kubectl('get cm l1 l2 -o custom-columns=NAME:.metadata.name,APP:.metadata.labels.app')).toBe(
      'NAME   APP\nl1     a\nl2     a\n',
    )
    expect(await kubectl(`get cm l1 -o 'go-template={{.metadata.name}}'`)).toBe('l1')
    expect(await kubectl('get cm l1 --no-headers')).toMatch(/^l1 +0 +\S+\n$/)
    expect(await kubectl('get cm l2 l1 --sort-by=.metadata.name -o name')).toBe(
      'configmap/l1\nconfigmap/l2\n',
    )
    expect(await kubectl('get ns default -o yaml')).toMatch(/^apiVersion: v1\nkind: Namespace\nmetadata:\n/)
    expect(await kubectl('get cm -A -o name --field-selector metadata.name=kube-root-ca.crt')).toContain(
      'configmap/kube-root-ca.crt',
    )
    expect(await kubectl('describe cm owned')).toMatch(
      /^Name: +owned\nNamespace: +default\nLabels: +<none>\nAnnotations: +<none>\n\nData\n====\nb:\n----\n1\n/,
    )
  })
})

describe('deleting', () => {
  it('says what is gone', async () => {
    expect(await kubectl('delete cm l1')).toBe('configmap "l1" deleted from default namespace\n')
    expect(await refused('delete cm l1')).toBe('Error from server (NotFound): configmaps "l1" not found\n')
    expect(await kubectl('delete cm l1 --ignore-not-found')).toBe('')
    expect(await kubectl('delete cm -l app=a')).toBe('configmap "l2" deleted from default namespace\n')
    expect(await kubectl('delete cm l3 --dry-run=server')).toBe(
      'configmap "l3" deleted from default namespace (server dry run)\n',
    )
    expect(await kubectl('get cm l3 -o name')).toBe('configmap/l3\n')
    expect(await refused('delete ns kube-system')).toContain(
      'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    )
    expect(await refused('delete pods')).toContain('resource(s) were provided, but no name was specified')
  })

  it('waits for finalizers', async () => {
    await kubectl(
      'create -f -',
      '{apiVersion: v1, kind: ConfigMap, metadata: {name: held, finalizers: [example.com/hold]}}',
    )
    expect(await kubectl('delete cm held --wait=false')).toContain('deleted')
    expect(await kubectl('get cm held -o jsonpath={.metadata.deletionTimestamp}')).toMatch(/^20\d\d-/)
    expect(
      await refused(
        'patch cm held --type=merge -p {"metadata":{"finalizers":["example.com/hold","example.com/more"]}}',
      ),
    ).toContain(
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted',
    )
    await kubectl('patch cm held --type=merge -p {"metadata":{"finalizers":null}}')
    expect(await refused('get cm held')).toContain('not found')
  })

  it('takes dependents along, or not', async () => {
    await kubectl('create deployment kept --image=nginx:1.29')
    await kubectl('wait --for=create rs -l app=kept --timeout=10s')
    await kubectl('delete deployment kept --cascade=orphan')
    const owners = 'get rs -l app=kept -o jsonpath={.items[*].metadata.ownerReferences}'
    await expect.poll(() => kubectl(owners), { timeout: 5000 }).toBe('')
    await kubectl('create deployment gone --image=nginx:1.29')
    await kubectl('wait --for=create rs -l app=gone --timeout=10s')
    await kubectl('delete deployment gone --cascade=foreground')
    expect(await kubectl('get rs -l app=gone -o name')).toBe('')
    const { metadata } = JSON.parse(await kubectl('get cm zzz-later -o json'))
    const options = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: 'other' } }
    const answer = await cluster.request('DELETE', '/api/v1/namespaces/default/configmaps/zzz-later', options)
    expect(JSON.parse(await text(answer))).toMatchObject({
      code: 409,
      message: `Operation cannot be fulfilled on configmaps "zzz-later": Precondition failed: UID in precondition: other, UID in object meta: ${metadata.uid}`,
    })
  })
})

describe('versions', () => {
  it('of a kind show the same object', async () => {
    await kubectl('autoscale deployment web --cpu=70% --min=1 --max=3')
    expect(await kubectl('get hpa web -o jsonpath={.apiVersion}')).toBe('autoscaling/v2')
    expect(
      await kubectl(
        'get horizontalpodautoscalers.v1.autoscaling web -o jsonpath={.spec.targetCPUUtilizationPercentage}',
      ),
    ).toBe('70')
    expect(
      await kubectl(
        'get horizontalpodautoscalers.v2.autoscaling web -o jsonpath={.spec.metrics[0].resource.target.averageUtilization}',
      ),
    ).toBe('70')
    expect(
      await kubectl(
        'patch horizontalpodautoscalers.v1.autoscaling web --type=merge -p {"spec":{"targetCPUUtilizationPercentage":50}}',
      ),
    ).toContain('patched')
    expect(
      await kubectl('get hpa web -o jsonpath={.spec.metrics[0].resource.target.averageUtilization}'),
    ).toBe('50')
    const reasons = (version: string, field: string) =>
      kubectl(`get ${version} --field-selector ${field}=ScalingReplicaSet -o jsonpath={.items[0].kind}`)
    await expect.poll(() => reasons('events.v1.events.k8s.io', 'reason'), { timeout: 5000 }).toBe('Event')
    expect(await reasons('events', 'reason')).toBe('Event')
  })

  it('are given as protobuf only to clients that take nothing else', async () => {
    const accept = 'application/vnd.kubernetes.protobuf,application/json'
    const answer = await cluster.request('GET', '/api/v1/namespaces/default', undefined, { accept })
    expect(answer.headers['content-type']).toBe('application/json')
    expect(JSON.parse(await text(answer)).kind).toBe('Namespace')
  })
})
