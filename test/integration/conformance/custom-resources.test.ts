import { describe, expect, it } from 'vitest'
import { type Json, workbench } from './workbench.ts'

// Conformance of sig-api-machinery: custom resources, what is published of them, the validation of fields, and discovery. Each `it` is named
// after the testname of test/conformance/testdata/conformance.yaml (kubernetes/kubernetes, 1.35).

const bench = workbench(0)

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const OPEN = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

interface Defined {
  name: string
  path: string
  objects: string
  kind: string
  group: string
}

let count = 0
async function define(
  schema: object,
  options: { versions?: Json[]; group?: string; kind?: string; labels?: object } = {},
): Promise<Defined> {
  const group = options.group ?? `walk-${++count}.example.com`
  const kind = options.kind ?? 'Foo'
  const plural = `${kind.toLowerCase()}s`
  const name = `${plural}.${group}`
  await bench.post(DEFINITIONS, {
    metadata: { name, labels: options.labels },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: options.versions ?? [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } },
      ],
    },
  })
  const path = `${DEFINITIONS}/${name}`
  await bench.until(path, established)
  const version = options.versions?.[0].name ?? 'v1'
  return { name, path, objects: `/apis/${group}/${version}/namespaces/default/${plural}`, kind, group }
}
const established = (object: Json) =>
  object.status?.conditions?.some(({ type, status }: Json) => type === 'Established' && status === 'True')
const definitions = async () => (await bench.get('/openapi/v2')).definitions as Record<string, Json>
const published = ({ group, kind }: Defined, version = 'v1') =>
  `${group.split('.').reverse().join('.')}.${version}.${kind}`

describe('CustomResourceDefinitions', () => {
  it('Custom Resource Definition, create', async () => {
    const { path } = await define(OPEN)
    await bench.delete(path)
    await bench.until(path, (gone) => !gone)
  })

  it('Custom Resource Definition, watch', async () => {
    const { metadata } = await bench.get(DEFINITIONS)
    const watch = await bench.watch(`${DEFINITIONS}?resourceVersion=${metadata.resourceVersion}`)
    const { path } = await define(OPEN)
    await bench.patch(path, { metadata: { labels: { changed: 'true' } } })
    await bench.delete(path)
    await bench.until(path, (gone) => !gone)
    await watch.next(({ type }) => type === 'DELETED')
    watch.close()
    const types = watch.seen.map(({ type }) => type)
    expect(types[0]).toBe('ADDED')
    expect(types).toContain('MODIFIED')
  })

  it('Custom Resource Definition, list', async () => {
    const made = await Promise.all(Array.from({ length: 10 }, () => define(OPEN, { labels: { list: 'me' } })))
    const query = `${DEFINITIONS}?labelSelector=list%3Dme`
    expect((await bench.get(query)).items).toHaveLength(10)
    const other = await define(OPEN)
    await bench.delete(query)
    for (const { path } of made) await bench.until(path, (gone) => !gone)
    await bench.get(other.path)
  })

  it('Custom Resource Definition, status sub-resource', async () => {
    const { path } = await define(OPEN)
    const now = await bench.get(`${path}/status`)
    expect(established(now)).toBe(true)
    now.status.conditions.push({
      type: 'StatusUpdate',
      status: 'True',
      reason: 'E2E',
      message: 'set by a test',
    })
    expect(
      (await bench.put(`${path}/status`, now)).status.conditions.map(({ type }: Json) => type),
    ).toContain('StatusUpdate')
    const patched = await bench.patch(`${path}/status`, {
      metadata: { annotations: { patched: 'true' } },
      status: {
        conditions: [{ type: 'StatusPatched', status: 'True', reason: 'E2E', message: 'set by a test' }],
      },
    })
    expect(patched.status.conditions.map(({ type }: Json) => type)).toContain('StatusPatched')
    await bench.until(path, established)
  })

  it('Custom Resource Definition, defaulting', async () => {
    const schema = (defaults: Record<string, string>) => ({
      type: 'object',
      properties: Object.fromEntries(
        ['a', 'b'].map((key) => [key, { type: 'string', ...(defaults[key] && { default: defaults[key] }) }]),
      ),
    })
    const { path, objects, kind, group } = await define(schema({}))
    const make = (name: string) =>
      bench.post(objects, { apiVersion: `${group}/v1`, kind, metadata: { name } })
    const put = (defaults: Record<string, string>) =>
      bench.patch(
        path,
        [{ op: 'replace', path: '/spec/versions/0/schema/openAPIV3Schema', value: schema(defaults) }],
        'json',
      )
    expect((await make('first')).a).toBeUndefined()
    await put({ a: 'A' })
    expect((await bench.get(`${objects}/first`)).a).toBe('A')
    expect((await make('second')).a).toBe('A')
    await put({ b: 'B' })
    const first = await bench.get(`${objects}/first`)
    expect([first.a, first.b]).toEqual([undefined, 'B'])
    const second = await bench.get(`${objects}/second`)
    expect([second.a, second.b]).toEqual(['A', 'B'])
    expect((await bench.get(objects)).items.map(({ b }: Json) => b)).toEqual(['B', 'B'])
  })

  it('Custom Resource Definition, discovery', async () => {
    const groupVersion = 'apiextensions.k8s.io/v1'
    const group = (await bench.get('/apis')).groups.find(({ name }: Json) => name === 'apiextensions.k8s.io')
    expect(group.versions).toContainEqual({ groupVersion, version: 'v1' })
    expect((await bench.get('/apis/apiextensions.k8s.io')).versions).toContainEqual({
      groupVersion,
      version: 'v1',
    })
    const { resources } = await bench.get(`/apis/${groupVersion}`)
    expect(resources.map(({ name }: Json) => name)).toContain('customresourcedefinitions')
  })
})

const VALIDATED = {
  description: 'Foo CRD for Testing',
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      description: 'Specification of Foo',
      properties: {
        bars: {
          description: 'List of Bars and their specs.',
          type: 'array',
          items: {
            type: 'object',
            required: ['name'],
            properties: {
              name: { description: 'Name of Bar.', type: 'string' },
              age: { description: 'Age of Bar.', type: 'string' },
              feeling: {
                description: 'Whether Bar is feeling great.',
                type: 'string',
                enum: ['Great', 'Down'],
              },
              bazs: { description: 'List of Bazs.', type: 'array', items: { type: 'string' } },
            },
          },
        },
      },
    },
    status: { type: 'object', description: 'Status of Foo', properties: { ready: { type: 'boolean' } } },
  },
}

// "Custom Resource Definition Conversion Webhook, conversion custom resource" and "…, convert mixed version list" cannot be met.
it('a definition whose versions a webhook would convert is refused', async () => {
  const schema = { openAPIV3Schema: OPEN }
  const webhook = { conversionReviewVersions: ['v1'], clientConfig: { url: 'https://example.com' } }
  const { message } = await bench.refused('POST', DEFINITIONS, {
    metadata: { name: 'foos.converted.example.com' },
    spec: {
      group: 'converted.example.com',
      scope: 'Namespaced',
      names: { kind: 'Foo', plural: 'foos' },
      conversion: { strategy: 'Webhook', webhook },
      versions: [
        { name: 'v1', served: true, storage: true, schema },
        { name: 'v2', served: true, storage: false, schema },
      ],
    },
  })
  expect(message).toContain('conversion webhooks are not simulated')
})

describe('what is published of custom resources', () => {
  const object = ({ group, kind }: Defined, rest: object, name = 'test-cr') =>
    JSON.stringify({ apiVersion: `${group}/v1`, kind, metadata: { name }, ...rest })
  const resource = ({ kind, group }: Defined) => `${kind.toLowerCase()}s.${group}`

  it('Custom Resource OpenAPI Publish, with validation schema', async () => {
    const foo = await define(VALIDATED)
    expect((await definitions())[published(foo)].description).toBe('Foo CRD for Testing')
    const good = object(foo, { spec: { bars: [{ name: 'test-bar', feeling: 'Great' }] } })
    for (const verb of ['create', 'apply']) {
      await bench.cluster.kubectl(`${verb} -f -`, good)
      await bench.cluster.kubectl(`delete ${resource(foo)} test-cr`)
      const unknown = object(foo, { spec: { bars: [{ name: 'test-bar', unknown: 'bar' }] } })
      expect(await bench.cluster.refused(`${verb} -f -`, unknown)).toContain(
        'unknown field "spec.bars[0].unknown"',
      )
      const missing = object(foo, { spec: { bars: [{ age: '10' }] } })
      expect(await bench.cluster.refused(`${verb} -f -`, missing)).toMatch(
        /spec\.bars\[0\]\.name: Required value|missing required field "name"/,
      )
      const nothing = object(foo, { spec: { bars: [{ name: 'test-bar', feeling: 'NonExistentValue' }] } })
      expect(await bench.cluster.refused(`${verb} -f -`, nothing)).toContain(
        'Unsupported value: "NonExistentValue"',
      )
    }
    expect(await bench.cluster.kubectl(`explain ${resource(foo)}`)).toMatch(
      /DESCRIPTION:\s+Foo CRD for Testing\s+FIELDS:[\s\S]+apiVersion\s+<string>[\s\S]+metadata\s+<ObjectMeta>[\s\S]+spec\s+<Object>/,
    )
    expect(await bench.cluster.kubectl(`explain ${resource(foo)}.metadata`)).toMatch(
      /DESCRIPTION:[\s\S]+FIELDS:[\s\S]+creationTimestamp\s+<string>/,
    )
    expect(await bench.cluster.kubectl(`explain ${resource(foo)}.spec`)).toMatch(
      /DESCRIPTION:\s+Specification of Foo\s+FIELDS:\s+bars\s+<\[\]Object>\s+List of Bars and their specs/,
    )
    expect(await bench.cluster.kubectl(`explain ${resource(foo)}.spec.bars`)).toMatch(
      /FIELDS:[\s\S]+age\s+<string>[\s\S]+Age[\s\S]+bazs\s+<\[\]string>[\s\S]+name\s+<string>[\s\S]+Name/,
    )
    expect(await bench.cluster.refused(`explain ${resource(foo)}.spec.bars2`)).toContain(
      'field "bars2" does not exist',
    )
  })

  const accepts = async (foo: Defined, rest: object) => {
    for (const verb of ['create', 'apply']) {
      await bench.cluster.kubectl(`${verb} -f -`, object(foo, rest))
      const made = await bench.get(`${foo.objects}/test-cr`)
      expect(made).toMatchObject(rest)
      await bench.cluster.kubectl(`delete ${resource(foo)} test-cr`)
    }
    return bench.cluster.kubectl(`explain ${resource(foo)}`)
  }

  it('Custom Resource OpenAPI Publish, with x-kubernetes-preserve-unknown-fields in object', async () => {
    const foo = await define(OPEN)
    const explained = await accepts(foo, { a: { b: [{ c: 'd' }] } })
    expect(explained).toMatch(/KIND:\s+Foo\nVERSION:\s+v1\n\nDESCRIPTION:\n\s+<empty>/)
  })

  it('Custom Resource OpenAPI Publish, with x-kubernetes-preserve-unknown-fields at root', async () => {
    const foo = await define({
      ...OPEN,
      properties: { spec: { type: 'object', properties: { known: { type: 'string' } } } },
    })
    expect((await definitions())[published(foo)]['x-kubernetes-preserve-unknown-fields']).toBe(true)
    expect(await accepts(foo, { a: { b: [{ c: 'd' }] } })).toMatch(/KIND:\s+Foo/)
  })

  it('Custom Resource OpenAPI Publish, with x-kubernetes-preserve-unknown-fields in embedded object', async () => {
    const foo = await define({
      description: 'preserve-unknown-properties in nested field for Testing',
      type: 'object',
      properties: {
        spec: { description: 'Specification of Waldo', ...OPEN, properties: { dummy: { type: 'string' } } },
      },
    })
    const explained = await accepts(foo, { spec: { dummy: 'x', b: [{ c: 'd' }] } })
    expect(explained).toMatch(/DESCRIPTION:\s+preserve-unknown-properties in nested field for Testing/)
    expect(await bench.cluster.kubectl(`explain ${resource(foo)}.spec`)).toContain('Specification of Waldo')
  })

  it('Custom Resource OpenAPI Publish, varying groups', async () => {
    const both = [await define(VALIDATED, { kind: 'Waldo' }), await define(VALIDATED, { kind: 'Plugh' })]
    const all = await definitions()
    for (const one of both)
      expect(all[published(one)].properties.spec.description).toBe('Specification of Foo')
  })

  it('Custom Resource OpenAPI Publish, varying versions', async () => {
    const versions = ['v4', 'v3'].map((name, index) => ({
      name,
      served: true,
      storage: index === 0,
      schema: { openAPIV3Schema: VALIDATED },
    }))
    const foo = await define({}, { versions })
    const all = await definitions()
    expect(all).toHaveProperty([published(foo, 'v3')])
    expect(all).toHaveProperty([published(foo, 'v4')])
  })

  it('Custom Resource OpenAPI Publish, varying kinds', async () => {
    const group = 'kinds.example.com'
    const both = [
      await define(VALIDATED, { group, kind: 'Foo' }),
      await define(VALIDATED, { group, kind: 'Bar' }),
    ]
    const all = await definitions()
    for (const one of both) expect(all).toHaveProperty([published(one)])
    expect((await bench.get(`/openapi/v3/apis/${group}/v1`)).components.schemas).toHaveProperty([
      published(both[1]!),
    ])
  })

  const twoVersions = () => {
    const schema = { openAPIV3Schema: VALIDATED }
    return [
      { name: 'v2', served: true, storage: false, schema },
      { name: 'v3', served: true, storage: true, schema },
    ]
  }

  it('Custom Resource OpenAPI Publish, version rename', async () => {
    const foo = await define({}, { versions: twoVersions() })
    expect(await definitions()).toHaveProperty([published(foo, 'v2')])
    await bench.patch(foo.path, [{ op: 'replace', path: '/spec/versions/0/name', value: 'v4' }], 'json')
    const all = await definitions()
    expect(all).not.toHaveProperty([published(foo, 'v2')])
    expect(all).toHaveProperty([published(foo, 'v3')])
    expect(all[published(foo, 'v4')]['x-kubernetes-group-version-kind'][0].version).toBe('v4')
  })

  it('Custom Resource OpenAPI Publish, stop serving version', async () => {
    const foo = await define({}, { versions: twoVersions() })
    await bench.patch(foo.path, [{ op: 'replace', path: '/spec/versions/0/served', value: false }], 'json')
    const all = await definitions()
    expect(all).not.toHaveProperty([published(foo, 'v2')])
    expect(all).toHaveProperty([published(foo, 'v3')])
    await bench.refused('GET', `/apis/${foo.group}/v2/namespaces/default/foos`)
  })
})

describe('server-side validation of fields', () => {
  const strict = (path: string) => `${path}?fieldValidation=Strict`
  const deployments = '/apis/apps/v1/namespaces/default/deployments'
  const raw = async (method: string, path: string, text: string, type = 'application/json') => {
    const response = await bench.cluster.send(method, path, text, { 'content-type': type })
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk)
    return { status: response.statusCode!, body: JSON.parse(Buffer.concat(chunks).toString()) }
  }
  const deployment = (extra = '', metadata = '') => `{"apiVersion": "apps/v1", "kind": "Deployment",
    "metadata": {"name": "walk", "labels": {"app": "nginx"}${metadata}},
    "spec": {${extra}"replicas": 2, "selector": {"matchLabels": {"app": "nginx"}},
    "template": {"metadata": {"labels": {"app": "nginx"}}, "spec": {"containers": [{"name": "nginx", "image": "nginx:1.29"}]}}}}`

  it('Server side field validation, typed object', async () => {
    const wrong = deployment('"unknownField": "x", "replicas": 1, "paused": true, "paused": true, ')
    const created = await raw('POST', strict(deployments), wrong)
    expect(created.status).toBe(400)
    expect(created.body.message).toBe(
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.unknownField", duplicate field "spec.paused", duplicate field "spec.replicas"',
    )
    const applied = await raw(
      'PATCH',
      `${deployments}/walk?fieldManager=test&fieldValidation=Strict`,
      wrong,
      'application/apply-patch+yaml',
    )
    expect(applied.status).toBe(500)
    expect(applied.body.message).toBe(
      'failed to create typed patch object (/walk; apps/v1, Kind=Deployment): .spec.unknownField: field not declared in schema',
    )
  })

  it('Server side field validation, typed unknown metadata', async () => {
    const wrong = deployment('', ', "unknownMeta": "x", "ownerReferences": []').replace(
      '"template": {"metadata": {',
      '"template": {"metadata": {"unknownSub": "y", ',
    )
    const created = await raw('POST', strict(deployments), wrong)
    expect(created.status).toBe(400)
    expect(created.body.message).toContain(
      'strict decoding error: unknown field "metadata.unknownMeta", unknown field "spec.template.metadata.unknownSub"',
    )
    const applied = await raw(
      'PATCH',
      `${deployments}/walk?fieldManager=test&fieldValidation=Strict`,
      wrong,
      'application/apply-patch+yaml',
    )
    expect(applied.body.message).toContain('.metadata.unknownMeta: field not declared in schema')
  })

  const applyTo = (foo: Defined, text: string) =>
    raw(
      'PATCH',
      `${foo.objects}/mytest?fieldManager=test&fieldValidation=Strict&force=true`,
      text,
      'application/apply-patch+yaml',
    )
  const SPEC = {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: {
          foo: { type: 'string' },
          cronSpec: { type: 'string' },
          knownField1: { type: 'string' },
        },
      },
    },
  }
  const cr = (foo: Defined, spec: string, metadata = '') =>
    `{"apiVersion": "${foo.group}/v1", "kind": "${foo.kind}", "metadata": {"name": "mytest"${metadata}}, "spec": ${spec}}`

  it('Server side field validation, valid CR with validation schema', async () => {
    const foo = await define(SPEC)
    expect((await applyTo(foo, cr(foo, '{"foo": "foo1", "cronSpec": "* * *"}'))).status).toBe(201)
  })

  it('Server side field validation, unknown fields CR no validation schema', async () => {
    const foo = await define(OPEN)
    const applied = await applyTo(foo, cr(foo, '{"knownField1": "val1", "unknownField": "x"}'))
    expect(applied).toMatchObject({ status: 201, body: { spec: { unknownField: 'x' } } })
  })

  it('Server side field validation, unknown fields CR fails validation', async () => {
    const foo = await define(SPEC)
    const applied = await applyTo(foo, cr(foo, '{"knownField1": "val1", "unknownField": "x"}'))
    expect(applied.status).toBeGreaterThanOrEqual(400)
    expect(applied.body.message).toContain('.spec.unknownField: field not declared in schema')
    const created = await raw('POST', strict(foo.objects), cr(foo, '{"unknownField": "x"}'))
    expect(created.status).toBe(400)
    expect(created.body.message).toContain('strict decoding error: unknown field "spec.unknownField"')
  })

  it('Server side field validation, CR duplicates', async () => {
    const foo = await define(OPEN)
    const created = await raw(
      'POST',
      strict(foo.objects),
      cr(foo, '{"unknown": "a", "unknown": "b", "foo": "c", "foo": "d"}'),
    )
    expect(created.status).toBe(400)
    expect(created.body.message).toContain(
      'strict decoding error: duplicate field "spec.unknown", duplicate field "spec.foo"',
    )
    const yaml = `apiVersion: ${foo.group}/v1\nkind: ${foo.kind}\nmetadata:\n  name: mytest\nspec:\n  foo: foo1\n  foo: foo2\n`
    const applied = await applyTo(foo, yaml)
    expect(applied.status).toBe(400)
    expect(applied.body.message).toContain('line 7: key "foo" already set in map')
  })

  it('Server side field validation, unknown metadata', async () => {
    const embedded = {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      properties: { spec: { type: 'object' } },
    }
    const foo = await define({
      type: 'object',
      properties: { spec: { type: 'object', properties: { template: embedded } } },
    })
    const inner =
      '{"template": {"apiVersion": "v1", "kind": "Pod", "metadata": {"unknownSubMeta": "x", "name": "inner"}}}'
    const created = await raw('POST', strict(foo.objects), cr(foo, inner, ', "unknownMeta": "y"'))
    expect(created.status).toBe(400)
    expect(created.body.message).toContain('unknown field "metadata.unknownMeta"')
    expect(created.body.message).toContain('unknown field "spec.template.metadata.unknownSubMeta"')
    const applied = await applyTo(foo, cr(foo, inner))
    expect(applied.body.message).toContain(
      '.spec.template.metadata.unknownSubMeta: field not declared in schema',
    )
  })
})

describe('discovery', () => {
  it('Discovery, confirm the PreferredVersion for each api group', async () => {
    for (const { name, versions, preferredVersion } of (await bench.get('/apis')).groups) {
      const group = await bench.get(`/apis/${name}`)
      expect(group.preferredVersion).toEqual(preferredVersion)
      expect(versions).toContainEqual(preferredVersion)
    }
  })

  it('Discovery, confirm the groupVersion and a resource from each apiGroup', async () => {
    for (const { versions } of (await bench.get('/apis')).groups)
      for (const { groupVersion } of versions) {
        const list = await bench.get(`/apis/${groupVersion}`)
        expect(list).toMatchObject({ kind: 'APIResourceList', groupVersion })
        expect(list.resources[0]).toMatchObject({
          name: expect.any(String),
          kind: expect.any(String),
          verbs: expect.any(Array),
        })
      }
  })

  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
  const aggregated = async () => {
    const [core, others] = await Promise.all([bench.get('/api', { accept }), bench.get('/apis', { accept })])
    return [...core.items, ...others.items].flatMap((group: Json) =>
      group.versions.flatMap((version: Json) =>
        version.resources.map(
          ({ resource, scope, responseKind }: Json) =>
            `${group.metadata.name ?? ''}/${version.version}/${resource} ${responseKind.kind} ${scope}`,
        ),
      ),
    )
  }
  const BUILT_IN = [
    '/v1/namespaces Namespace Cluster',
    '/v1/pods Pod Namespaced',
    '/v1/nodes Node Cluster',
    'apps/v1/deployments Deployment Namespaced',
    'admissionregistration.k8s.io/v1/validatingwebhookconfigurations ValidatingWebhookConfiguration Cluster',
    'apiextensions.k8s.io/v1/customresourcedefinitions CustomResourceDefinition Cluster',
    'apiregistration.k8s.io/v1/apiservices APIService Cluster',
    'autoscaling/v1/horizontalpodautoscalers HorizontalPodAutoscaler Namespaced',
    'autoscaling/v2/horizontalpodautoscalers HorizontalPodAutoscaler Namespaced',
    'batch/v1/cronjobs CronJob Namespaced',
    'coordination.k8s.io/v1/leases Lease Namespaced',
    'storage.k8s.io/v1/storageclasses StorageClass Cluster',
  ]

  const isBuiltIn = (one: string) => !one.includes('example.com')

  it('Aggregated Discovery Interface', async () => {
    // Each registered group version is served: kubectl reads discovery so, and lists what it has found.
    expect(await aggregated()).toEqual(expect.arrayContaining(BUILT_IN))
    const services = (await bench.get('/apis/apiregistration.k8s.io/v1/apiservices')).items
    const served = new Set((await aggregated()).map((text) => text.split('/').slice(0, 2).join('/')))
    const registered = services.map(({ spec }: Json) => `${spec.group ?? ''}/${spec.version}`)
    // The aggregation layer does not register itself.
    expect([...registered, 'apiregistration.k8s.io/v1'].filter(isBuiltIn).sort()).toEqual(
      [...served].filter(isBuiltIn).sort(),
    )
  })

  it('Aggregated Discovery Endpoint Accept Headers', async () => {
    for (const path of ['/api', '/apis']) {
      const response = await bench.cluster.request('GET', path, undefined, {
        accept: `${accept},application/json`,
      })
      response.resume()
      expect(response.headers['content-type']).toBe(accept)
    }
    const plain = await bench.get('/apis', { accept: 'application/json' })
    expect(plain.kind).toBe('APIGroupList')
  })

  it('Aggregated Discovery Interface CRDs', async () => {
    const { group } = await define(OPEN)
    expect(await aggregated()).toContain(`${group}/v1/foos Foo Namespaced`)
    expect(await bench.cluster.kubectl(`api-resources --api-group=${group}`)).toMatch(
      /^foos +\S+\/v1 +true +Foo$/m,
    )
  })

  it('Aggregated Discovery Endpoint Accept Headers CRDs', async () => {
    const { group } = await define(OPEN)
    const { items } = await bench.get('/apis', { accept })
    expect(items.find(({ metadata }: Json) => metadata.name === group).versions[0]).toMatchObject({
      version: 'v1',
      freshness: 'Current',
      resources: [
        {
          resource: 'foos',
          singularResource: 'foo',
          verbs: expect.arrayContaining(['get', 'list', 'watch']),
        },
      ],
    })
  })
})
