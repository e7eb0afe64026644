import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'

// What a server says of itself. Sources: kubernetes.io/docs/reference/using-api (api-concepts, health-checks), kubectl's own
// documentation of explain, api-resources, completion and version, and apiserver/pkg/server, read 2026-11.

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster()
  await cluster.kubectl('apply -f -', WIDGETS)
  await cluster.kubectl('wait --for=condition=Established crd/widgets.example.com --timeout=10s')
})
afterAll(() => cluster.close())

const kubectl = (command: string, input?: string) => cluster.kubectl(command, input)
const refused = (command: string, input?: string) => cluster.refused(command, input)

const WIDGETS = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        description: A widget is a thing.
        properties:
          spec:
            type: object
            description: What is wanted.
            required: [size]
            properties: {size: {type: integer, description: How big.}, color: {type: string, enum: [red, blue]}}
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
`

describe('resources', () => {
  it('are listed with their short names, groups and scopes', async () => {
    const all = await kubectl('api-resources')
    expect(all).toMatch(/^NAME +SHORTNAMES +APIVERSION +NAMESPACED +KIND\n/)
    expect(all).toMatch(/^pods +po +v1 +true +Pod$/m)
    expect(all).toMatch(/^persistentvolumes +pv +v1 +false +PersistentVolume$/m)
    expect(all).toMatch(
      /^customresourcedefinitions +crd,crds +apiextensions\.k8s\.io\/v1 +false +CustomResourceDefinition$/m,
    )
    expect(all).toMatch(/^widgets +wd +example\.com\/v1 +true +Widget$/m)
    expect(
      await kubectl('api-resources --namespaced=false --api-group=rbac.authorization.k8s.io -o name'),
    ).toBe('clusterrolebindings.rbac.authorization.k8s.io\nclusterroles.rbac.authorization.k8s.io\n')
    expect(await kubectl('api-resources --categories=all -o name')).toBe(
      [
        'pods',
        'replicationcontrollers',
        'services',
        'daemonsets.apps',
        'deployments.apps',
        'replicasets.apps',
        'statefulsets.apps',
        'horizontalpodautoscalers.autoscaling',
        'cronjobs.batch',
        'jobs.batch',
        'widgets.example.com',
        '',
      ].join('\n'),
    )
    expect(await kubectl('api-resources --verbs=create --api-group=authorization.k8s.io -o wide')).toMatch(
      /^selfsubjectaccessreviews +authorization\.k8s\.io\/v1 +false +SelfSubjectAccessReview +create *$/m,
    )
    expect(await kubectl('api-resources --sort-by=kind -o name')).toMatch(
      /^apiservices\.apiregistration\.k8s\.io\n/,
    )
  })

  it('stand in groups and versions', async () => {
    const versions = (await kubectl('api-versions')).trim().split('\n')
    expect(versions).toEqual([...versions].sort())
    expect(versions).toEqual(
      expect.arrayContaining(['v1', 'apps/v1', 'autoscaling/v1', 'autoscaling/v2', 'example.com/v1']),
    )
    expect(versions.filter((version) => /alpha|beta/.test(version))).toEqual([])
    const apis = JSON.parse(await kubectl('get --raw /apis'))
    expect(apis).toMatchObject({ kind: 'APIGroupList', apiVersion: 'v1' })
    expect(
      apis.groups.find(({ name }: { name: string }) => name === 'autoscaling').preferredVersion.version,
    ).toBe('v2')
    expect(JSON.parse(await kubectl('get --raw /apis/batch'))).toMatchObject({
      kind: 'APIGroup',
      name: 'batch',
    })
    const core = JSON.parse(await kubectl('get --raw /api/v1'))
    expect(core).toMatchObject({ kind: 'APIResourceList', groupVersion: 'v1' })
    expect(core.resources.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining([
        'pods/log',
        'pods/exec',
        'pods/eviction',
        'pods/resize',
        'serviceaccounts/token',
        'namespaces/finalize',
      ]),
    )
    expect(JSON.parse(await kubectl('get --raw /api')).versions).toEqual(['v1'])
    expect(await refused('get --raw /apis/apps/v1beta1')).toBe(
      'Error from server (NotFound): the server could not find the requested resource\n',
    )
  })

  it('are told in one document to clients that can read it', async () => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
    const answer = await cluster.request('GET', '/apis', undefined, { accept })
    expect(answer.headers['content-type']).toBe(accept)
    const { items } = JSON.parse(await text(answer))
    const example = items.find(
      ({ metadata }: { metadata: { name: string } }) => metadata.name === 'example.com',
    )
    expect(example.versions[0]).toMatchObject({
      version: 'v1',
      freshness: 'Current',
      resources: [
        { resource: 'widgets', scope: 'Namespaced', shortNames: ['wd'], singularResource: 'widget' },
      ],
    })
    const again = await cluster.request('GET', '/apis', undefined, {
      accept,
      'if-none-match': answer.headers.etag!,
    })
    expect(again.statusCode).toBe(304)
  })

  it('go with their definition', async () => {
    await kubectl(
      'apply -f -',
      WIDGETS.replaceAll('widgets', 'gadgets')
        .replaceAll('widget', 'gadget')
        .replaceAll('Widget', 'Gadget')
        .replace('[wd]', '[gd]'),
    )
    await kubectl('wait --for=condition=Established crd/gadgets.example.com --timeout=10s')
    expect(await kubectl('get gd')).toBe('')
    await kubectl('delete crd gadgets.example.com')
    // kubectl keeps what discovery said for ten minutes.
    expect(await refused('get gadgets')).toBe(
      'Error from server (NotFound): Unable to list "example.com/v1, Resource=gadgets": the server could not find the requested resource (get gadgets.example.com)\n',
    )
  })
})

describe('explain', () => {
  it('tells what fields are for', async () => {
    expect(await kubectl('explain pods')).toMatch(
      /^KIND: +Pod\nVERSION: +v1\n\nDESCRIPTION:\n +Pod is a collection of containers that can run on a host\. This resource is\n +created by clients and scheduled onto hosts\.\n/,
    )
    expect(await kubectl('explain deployment.spec.strategy.rollingUpdate.maxSurge')).toMatch(
      /^GROUP: +apps\nKIND: +Deployment\nVERSION: +v1\n\nFIELD: maxSurge <IntOrString>\n/,
    )
    expect(await kubectl('explain pod.spec.containers.resources.limits')).toMatch(
      /FIELD: limits <map\[string\]Quantity>/,
    )
    expect(await kubectl('explain cronjob.spec.concurrencyPolicy')).toContain(
      '"Replace": cancels currently running job and',
    )
    expect(await kubectl('explain hpa.spec.metrics')).toMatch(
      /VERSION: +v2\n\nFIELD: metrics <\[\]MetricSpec>/,
    )
    expect(await kubectl('explain hpa.spec --api-version=autoscaling/v1')).toContain(
      'targetCPUUtilizationPercentage',
    )
    expect(await kubectl('explain ingress.spec.rules.http.paths.pathType')).toMatch(
      /FIELD: pathType <string>\n/,
    )
    expect(await kubectl('explain validatingadmissionpolicy.spec.validations.expression')).toContain('CEL')
    expect(await kubectl('explain networkpolicy.spec.podSelector')).toContain('LabelSelector')
    expect(await kubectl('explain events --api-version=events.k8s.io/v1')).toMatch(/GROUP: +events\.k8s\.io/)
    expect(await kubectl('explain csr.spec.signerName')).toContain(
      'signerName indicates the requested signer',
    )
  })

  it('shows all fields at once', async () => {
    const fields = await kubectl('explain statefulset.spec --recursive')
    expect(fields).toMatch(/^ {2}volumeClaimTemplates\t<\[\]PersistentVolumeClaim>$/m)
    expect(fields).toMatch(/^ {2}podManagementPolicy\t<string>$/m)
    expect(await kubectl('explain widgets --recursive')).toMatch(
      /^ {2}spec\t<Object>\n {4}color\t<string>\n {4}enum: red, blue\n {4}size\t<integer> -required-$/m,
    )
  })

  it('knows custom resources, and what does not exist', async () => {
    expect(await kubectl('explain wd')).toMatch(
      /^GROUP: +example\.com\nKIND: +Widget\nVERSION: +v1\n\nDESCRIPTION:\n +A widget is a thing\./,
    )
    expect(await kubectl('explain widget.spec.size')).toContain('How big.')
    expect(await refused('explain pod.spec.nope')).toBe('error: field "nope" does not exist\n')
    expect(await refused('explain nopes')).toBe(`the server doesn't have a resource type "nopes"\n`)
  })

  it('reads OpenAPI v2 too, in protobuf', async () => {
    const old = (field: string) => kubectl(`explain ${field} --output=plaintext-openapiv2`)
    expect(await old('pod.spec.restartPolicy')).toMatch(
      /^KIND: +Pod\nVERSION: +v1\n\nFIELD: +restartPolicy <string>\n/,
    )
    expect(await old('widget.spec.size')).toMatch(
      /^KIND: +Widget\nVERSION: +example\.com\/v1\n\nFIELD: +size <integer>\n/,
    )
    // More than a pipe of the test holds.
    const swagger = JSON.parse(await text(await cluster.request('GET', '/openapi/v2')))
    expect(swagger).toMatchObject({ swagger: '2.0', info: { title: 'Kubernetes' } })
    expect(swagger.definitions['com.example.v1.Widget']['x-kubernetes-group-version-kind']).toEqual([
      { group: 'example.com', version: 'v1', kind: 'Widget' },
    ])
    expect(swagger.paths['/api/v1/namespaces/{namespace}/pods'].get['x-kubernetes-action']).toBe('list')
    const index = JSON.parse(await kubectl('get --raw /openapi/v3'))
    expect(Object.keys(index.paths)).toEqual(
      expect.arrayContaining(['api/v1', 'apis/apps/v1', 'apis/example.com/v1']),
    )
    const widgets = JSON.parse(
      await kubectl(`get --raw ${index.paths['apis/example.com/v1'].serverRelativeURL}`),
    )
    expect(Object.keys(widgets.paths)).toContain('/apis/example.com/v1/namespaces/{namespace}/widgets/{name}')
  })
})

describe('completion', () => {
  const complete = async (...words: string[]) => {
    const { stdout } = await cluster.run(['__complete', ...words])
    // kubectl gives them in no order; the shell sorts.
    return stdout
      .split('\n')
      .filter((line) => line && !line.startsWith(':'))
      .sort()
  }

  it('offers resources, objects, namespaces and contexts', async () => {
    await kubectl(
      'apply -f -',
      '{apiVersion: example.com/v1, kind: Widget, metadata: {name: sprocket}, spec: {size: 3}}',
    )
    expect(await complete('get', 'pod')).toEqual(
      expect.arrayContaining(['poddisruptionbudgets.policy', 'pods', 'podtemplates']),
    )
    expect(await complete('get', 'nodes', '')).toEqual(['node-1', 'node-2'])
    expect(await complete('get', 'widgets', 'sp')).toEqual(['sprocket'])
    expect(await complete('describe', 'svc', '')).toEqual(['kubernetes'])
    expect(await complete('get', 'pods', '-n', 'kube-')).toEqual([
      'kube-node-lease',
      'kube-public',
      'kube-system',
    ])
    expect(await complete('cordon', '')).toEqual(['node-1', 'node-2'])
    expect(await complete('config', 'use-context', 'a')).toEqual(['admin', 'alice'])
    expect(await complete('delete', 'sa', '')).toEqual(['default'])
  })
})

describe('the server', () => {
  it('tells its version', async () => {
    expect(await kubectl('version')).toMatch(
      /^Client Version: v1\.\d+\.\d+\nKustomize Version: v\d+\.\d+\.\d+\nServer Version: v1\.35\.2-eks-1234567\n$/,
    )
    expect(JSON.parse(await kubectl('version -o json')).serverVersion).toMatchObject({
      major: '1',
      minor: '35',
      platform: 'linux/amd64',
      compiler: 'gc',
    })
    expect(JSON.parse(await kubectl('get --raw /version')).gitVersion).toBe('v1.35.2-eks-1234567')
    expect(await kubectl('cluster-info')).toContain(`is running at`)
  })

  it('tells how it is', async () => {
    expect(await kubectl('get --raw /healthz')).toBe('ok')
    expect(await kubectl('get --raw /livez/etcd')).toBe('ok')
    const live = await kubectl('get --raw /livez?verbose')
    expect(live).toMatch(
      /^\[\+\]ping ok\n\[\+\]log ok\n\[\+\]etcd ok\n\[\+\]poststarthook\/start-apiserver-admission-initializer ok\n/,
    )
    expect(live).toMatch(/\nlivez check passed\n$/)
    expect(await kubectl('get --raw /readyz?verbose&exclude=etcd')).toMatch(
      /\[\+\]etcd excluded: ok\n[\s\S]*\[\+\]shutdown ok\nreadyz check passed\n$/,
    )
    expect(await refused('get --raw /livez/nope')).toContain('NotFound')
    expect(await cluster.both('get componentstatuses')).toMatch(
      /^Warning: v1 ComponentStatus is deprecated in v1\.19\+\nNAME +STATUS +MESSAGE +ERROR\nscheduler +Healthy +ok +\n/,
    )
    expect(await cluster.both('get endpoints kubernetes')).toMatch(
      /^Warning: v1 Endpoints is deprecated in v1\.33\+; use discovery\.k8s\.io\/v1 EndpointSlice\nNAME +ENDPOINTS/,
    )
  })

  it('counts requests', async () => {
    await kubectl('get nodes')
    const metrics = await kubectl('get --raw /metrics')
    expect(metrics).toMatch(/^# TYPE apiserver_request_total counter$/m)
    expect(metrics).toMatch(/^apiserver_request_total\{.*code="200".*resource="nodes".*verb="LIST".*\} \d+$/m)
    expect(metrics).toMatch(/^kubernetes_build_info\{.*git_version="v1\.35\.2-eks-1234567".*\} 1$/m)
  })

  it('tells how its tokens are verified', async () => {
    const { issuer, jwks_uri } = JSON.parse(await kubectl('get --raw /.well-known/openid-configuration'))
    expect(jwks_uri).toBe(`${issuer}/openid/v1/jwks`)
    const { keys } = JSON.parse(await kubectl('get --raw /openid/v1/jwks'))
    const token = (await kubectl('create token default')).trim()
    const header = JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString())
    expect(keys[0]).toMatchObject({ use: 'sig', kid: header.kid, alg: header.alg })
  })

  it('shows the flows that every cluster has', async () => {
    expect(await kubectl('get flowschemas exempt')).toMatch(
      /^NAME +PRIORITYLEVEL +MATCHINGPRECEDENCE +DISTINGUISHERMETHOD +AGE +MISSINGPL\nexempt +exempt +1 +<none> +\S+ +False\n$/,
    )
    expect(await kubectl('get prioritylevelconfigurations workload-low')).toMatch(
      /^NAME +TYPE +NOMINALCONCURRENCYSHARES +QUEUES +HANDSIZE +QUEUELENGTHLIMIT +AGE\nworkload-low +Limited +100 +128 +6 +50 +\S+\n$/,
    )
    expect(await kubectl('get apiservices v1.apps')).toMatch(
      /^NAME +SERVICE +AVAILABLE +AGE\nv1\.apps +Local +True +\S+\n$/,
    )
  })

  it('names what it does not know', async () => {
    expect(await refused('get --raw /apis/x/v1/y')).toContain(
      'the server could not find the requested resource',
    )
    expect(await refused('get --raw /api/v1/namespaces/default/pods/x/nope')).toContain('NotFound')
    expect(await refused('get pods/nope')).toBe('Error from server (NotFound): pods "nope" not found\n')
    expect(await refused('get deploy,sts nope')).toBe(
      'Error from server (NotFound): deployments.apps "nope" not found\nError from server (NotFound): statefulsets.apps "nope" not found\n',
    )
    expect(await refused('create -f -', '{apiVersion: v1, kind: Nope, metadata: {name: x}}')).toContain(
      'no matches for kind "Nope" in version "v1"\nensure CRDs are installed first',
    )
  })
})
