import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tool } from '../support/tools.ts'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'

// Texts and tables as in https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/ (read 2026-11)

let cluster: KubectlCluster
const kubectl = (command: string, input?: string) => cluster.kubectl(command, input)
const failure = async (command: string, input?: string) => {
  const output = await cluster.run(command.split(' '), input === undefined ? {} : { input })
  expect(output.code, output.stdout).not.toBe(0)
  return output.stderr
}

const DEFINITION = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crontabs.stable.example.com}
spec:
  group: stable.example.com
  scope: Namespaced
  names: {plural: crontabs, singular: crontab, kind: CronTab, shortNames: [ct], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        description: CronTab runs an image by a schedule.
        properties:
          spec:
            type: object
            required: [cronSpec]
            x-kubernetes-validations:
            - {rule: 'self.replicas <= self.maxReplicas', message: replicas must not exceed maxReplicas}
            - {rule: 'self.image == oldSelf.image', message: image is immutable}
            properties:
              cronSpec: {type: string, description: When to run., pattern: '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$'}
              image: {type: string, default: busybox}
              replicas: {type: integer, minimum: 1, maximum: 10, default: 1}
              maxReplicas: {type: integer, default: 10}
              mode: {type: string, enum: [fast, slow]}
              ports:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items:
                  type: object
                  required: [name]
                  properties: {name: {type: string}, port: {type: integer}}
              extra: {type: object, x-kubernetes-preserve-unknown-fields: true}
          status:
            type: object
            properties:
              replicas: {type: integer}
              labelSelector: {type: string}
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas, labelSelectorPath: .status.labelSelector}
    additionalPrinterColumns:
    - {name: Spec, type: string, jsonPath: .spec.cronSpec, description: The cron spec}
    - {name: Replicas, type: integer, jsonPath: .spec.replicas}
    - {name: Image, type: string, jsonPath: .spec.image, priority: 1}
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
  - name: v1beta1
    served: true
    storage: false
    schema:
      openAPIV3Schema:
        type: object
        x-kubernetes-preserve-unknown-fields: true
`

const cron = (name: string, spec: string) => `
apiVersion: stable.example.com/v1
kind: CronTab
metadata: {name: ${name}}
spec: ${spec}
`

const definition = (plural: string, properties: string, rules: string) => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${plural}.stable.example.com}
spec:
  group: stable.example.com
  scope: Namespaced
  names: {plural: ${plural}, singular: shape, kind: Shape}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: ${properties}, x-kubernetes-validations: ${rules}}
`

beforeAll(async () => {
  cluster = await kubectlCluster({ nodes: 1 })
  expect(await kubectl('apply -f -', DEFINITION)).toBe(
    'customresourcedefinition.apiextensions.k8s.io/crontabs.stable.example.com created\n',
  )
  await kubectl('wait --for=condition=Established crd/crontabs.stable.example.com --timeout=10s')
})
afterAll(() => cluster.close())

describe('a CustomResourceDefinition', () => {
  it('adds a resource to discovery, with its names', async () => {
    expect(await kubectl('api-resources --api-group=stable.example.com')).toMatch(
      /^crontabs +ct +stable.example.com\/v1 +true +CronTab$/m,
    )
    expect(await kubectl('api-versions')).toContain('stable.example.com/v1\nstable.example.com/v1beta1\n')
    const crd = JSON.parse(await kubectl('get crd crontabs.stable.example.com -o json'))
    expect(crd.status).toMatchObject({
      acceptedNames: { kind: 'CronTab', listKind: 'CronTabList', plural: 'crontabs', shortNames: ['ct'] },
      storedVersions: ['v1'],
    })
  })

  it('explains its fields', async () => {
    const text = await kubectl('explain crontab.spec.cronSpec')
    expect(text).toBe(
      'GROUP:      stable.example.com\nKIND:       CronTab\nVERSION:    v1\n\nFIELD: cronSpec <string>\n\n\nDESCRIPTION:\n    When to run.\n    \n\n',
    )
    expect(await kubectl('explain ct --recursive')).toContain('cronSpec\t<string> -required-')
  })

  it('serves objects with defaults and its own columns', async () => {
    expect(await kubectl('apply -f -', cron('one', `{cronSpec: '* * * * */5'}`))).toBe(
      'crontab.stable.example.com/one created\n',
    )
    const table = await kubectl('get ct')
    expect(table).toMatch(/^NAME +SPEC +REPLICAS +AGE\none +\* \* \* \* \*\/5 +1 +\d+s\n$/)
    expect(await kubectl('get crontabs -o wide')).toMatch(
      /^NAME +SPEC +REPLICAS +IMAGE +AGE\none .* busybox +\d+s$/m,
    )
    expect(await kubectl('get all')).toContain('crontab.stable.example.com/one')
    const object = JSON.parse(await kubectl('get ct one -o json'))
    expect(object.spec).toEqual({ cronSpec: '* * * * */5', image: 'busybox', maxReplicas: 10, replicas: 1 })
    expect(object.metadata.generation).toBe(1)
    expect(JSON.parse(await kubectl('get crontabs.v1beta1.stable.example.com one -o json'))).toMatchObject({
      apiVersion: 'stable.example.com/v1beta1',
      spec: { image: 'busybox' },
    })
  })

  it('refuses what its schema does not allow, in the real words', async () => {
    expect(await failure('apply -f -', cron('bad', `{cronSpec: '* * * *', replicas: 15}`))).toBe(
      `The CronTab "bad" is invalid: \n* spec.cronSpec: Invalid value: "* * * *": spec.cronSpec in body should match '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$'\n* spec.replicas: Invalid value: 15: spec.replicas in body should be less than or equal to 10\n`,
    )
    expect(await failure('apply -f -', cron('bad', `{cronSpec: '* * * * *', replicas: many}`))).toBe(
      'The CronTab "bad" is invalid: spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"\n',
    )
    expect(await failure('apply -f -', cron('bad', '{image: x}'))).toBe(
      'The CronTab "bad" is invalid: spec.cronSpec: Required value\n',
    )
    expect(await failure('apply -f -', cron('bad', `{cronSpec: '* * * * *', mode: medium}`))).toBe(
      'The CronTab "bad" is invalid: spec.mode: Unsupported value: "medium": supported values: "fast", "slow"\n',
    )
    expect(await failure('apply -f -', cron('bad', `{cronSpec: '* * * * *', colour: red}`))).toBe(
      'Error from server (BadRequest): error when creating "STDIN": CronTab in version "v1" cannot be handled as a CronTab: strict decoding error: unknown field "spec.colour"\n',
    )
  })

  it('holds objects to its rules', async () => {
    expect(
      await failure('apply -f -', cron('bad', `{cronSpec: '* * * * *', replicas: 5, maxReplicas: 3}`)),
    ).toBe('The CronTab "bad" is invalid: spec: Invalid value: replicas must not exceed maxReplicas\n')
    expect(await failure('apply -f -', cron('one', `{cronSpec: '* * * * */5', image: other}`))).toContain(
      'spec: Invalid value: image is immutable',
    )
  })

  it('prunes what it does not know, and keeps what it is told to', async () => {
    const spec = `{cronSpec: '* * * * *', colour: red, extra: {any: {thing: 1}}}`
    await kubectl('apply --validate=false -f -', cron('pruned', spec))
    const object = JSON.parse(await kubectl('get ct pruned -o json'))
    expect(object.spec.colour).toBeUndefined()
    expect(object.spec.extra).toEqual({ any: { thing: 1 } })
  })

  it('is scaled, has a status of its own, and is patched and applied', async () => {
    expect(await kubectl('scale --replicas=3 ct/one')).toBe('crontab.stable.example.com/one scaled\n')
    expect(await kubectl('get ct one -o jsonpath={.spec.replicas}/{.metadata.generation}')).toBe('3/2')
    await kubectl(`patch ct one --subresource=status --type=merge -p '{"status":{"replicas":3}}'`)
    expect(await kubectl('get ct one -o jsonpath={.status.replicas}/{.metadata.generation}')).toBe('3/2')
    expect(await failure('patch ct one -p {"spec":{}}')).toContain(
      'the body of the request was in an unknown format',
    )
    const ports = (port: string) => cron('one', `{cronSpec: '* * * * */5', ports: [${port}]}`)
    await kubectl('apply --server-side --field-manager=a -f -', ports('{name: http, port: 80}'))
    await kubectl('apply --server-side --field-manager=b -f -', ports('{name: https, port: 443}'))
    expect(await kubectl('get ct one -o jsonpath={.spec.ports[*].name}')).toBe('http https')
  })

  it('owns and is owned, and goes with its namespace', async () => {
    await kubectl('create namespace short')
    await kubectl('apply -n short -f -', cron('gone', `{cronSpec: '* * * * *'}`))
    await kubectl('delete namespace short --timeout=30s')
    expect(await kubectl('get ct -A')).not.toContain('gone')
  })

  it('comes with a helm chart, before the objects that need it', async () => {
    const chart = join(cluster.folder, 'chart')
    await mkdir(join(chart, 'crds'), { recursive: true })
    await mkdir(join(chart, 'templates'))
    await writeFile(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: chart\nversion: 0.1.0\n')
    const other = DEFINITION.replaceAll('crontab', 'gadget')
      .replaceAll('CronTab', 'Gadget')
      .replace('[ct]', '[gd]')
    await writeFile(join(chart, 'crds', 'gadget.yaml'), other)
    const object = cron('made', `{cronSpec: '* * * * *'}`).replace('CronTab', 'Gadget')
    await writeFile(join(chart, 'templates', 'gadget.yaml'), object)
    const { stdout } = await promisify(execFile)(await tool('helm'), ['install', 'release', chart], {
      env: cluster.env,
    })
    expect(stdout).toContain('STATUS: deployed')
    expect(await kubectl('get gd made')).toContain('made')
  })

  it('must be well formed', async () => {
    const bad = DEFINITION.replace('name: crontabs.stable', 'name: others.stable').replace(
      'scope: Namespaced',
      'scope: Both',
    )
    const text = await failure('apply -f -', bad)
    expect(text).toContain(
      'metadata.name: Invalid value: "others.stable.example.com": must be spec.names.plural+"."+spec.group',
    )
    expect(text).toContain('spec.scope: Unsupported value: "Both": supported values: "Cluster", "Namespaced"')
    const wrongRule = DEFINITION.replace('self.replicas <= self.maxReplicas', 'self.replicas <=')
    expect(await failure('replace -f -', wrongRule)).toContain(
      'x-kubernetes-validations[0].rule: Invalid value:',
    )
  })

  it('must have rules that fit its types and cost little', async () => {
    const DEAR =
      '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)'
    const schema = (properties: string, rules: string) =>
      failure('apply -f -', definition('shapes', properties, rules))
    const at = 'spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations'
    expect(
      await schema(
        '{names: {type: array, items: {type: string}}, count: {type: integer}}',
        `[{rule: self.cuont > 0}, {rule: self.count == 'x'}, {rule: self.count}, {rule: "self.count.startsWith('a')"}]`,
      ),
    ).toMatch(
      new RegExp(
        [
          `\\[0\\].rule: Invalid value: .*: compilation failed: ERROR: <input>:1:5: undefined field 'cuont'`,
          `\\[1\\].rule: Invalid value: .*: compilation failed: ERROR: <input>:1:12: found no matching overload for '_==_' applied to '\\(int, string\\)'`,
          `\\[2\\].rule: Invalid value: .*: cel expression must evaluate to a bool`,
          `\\[3\\].rule: Invalid value: .*: found no matching overload for 'startsWith' applied to 'int.\\(string\\)'`,
        ].join('[\\s\\S]*'),
      ),
    )
    // https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#resource-use-by-validation-functions
    expect(
      await schema(
        '{names: {type: array, items: {type: string}}}',
        `[{rule: 'self.names.all(a, self.names.all(b, a == b))'}]`,
      ),
    ).toBe(
      `The CustomResourceDefinition "shapes.stable.example.com" is invalid: \n* ${at}[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x ${DEAR}\n* ${at}[0].rule: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema\n* spec.validation.openAPIV3Schema: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x ${DEAR}\n`,
    )
    expect(
      await schema(
        '{names: {type: array, items: {type: object, properties: {min: {type: integer}}, x-kubernetes-validations: [{rule: self.min == oldSelf.min}]}}}',
        `[{rule: 'self.names.size() < 3', messageExpression: "'not ' + string(self.names.size())"}]`,
      ),
    ).toMatch(
      /items.x-kubernetes-validations\[0\].rule: Invalid value: "self.min == oldSelf.min": oldSelf cannot be used on the uncorrelatable portion of the schema within spec.validation.openAPIV3Schema.properties\[spec\].properties\[names\][\s\S]*messageExpression: Forbidden: estimated messageExpression cost exceeds budget by factor of more than 100x/,
    )
  })

  it('asks its rules only while they cost little', async () => {
    const unique = `[{rule: 'self.names.all(a, self.names.exists_one(b, a == b))', message: names differ}]`
    await kubectl(
      'apply -f -',
      definition(
        'shapes',
        '{names: {type: array, maxItems: 1000, items: {type: string, maxLength: 5}}, until: {type: string, format: date-time}, namespace: {type: string}}',
        unique,
      ),
    )
    await kubectl('wait --for=condition=Established crd/shapes.stable.example.com --timeout=10s')
    const shape = (count: number) =>
      JSON.stringify({
        apiVersion: 'stable.example.com/v1',
        kind: 'Shape',
        metadata: { name: 'many' },
        spec: { names: Array.from({ length: count }, (_, index) => `n${index}`) },
      })
    expect(await kubectl('apply -f -', shape(100))).toContain('created')
    expect(await failure('apply -f -', shape(900))).toBe(
      `The Shape "many" is invalid: spec: Invalid value: 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: names differ\n`,
    )
  })

  it('shows dates as dates and keywords by their escaped names', async () => {
    await kubectl(
      'apply -f -',
      definition(
        'shapes',
        '{until: {type: string, format: date-time}, namespace: {type: string}, wait: {type: string, format: duration}}',
        `[{rule: "!has(self.until) || self.until > timestamp('2026-01-01T00:00:00Z')"}, {rule: "self.__namespace__ != 'kube-system'"}, {rule: "self.wait < duration('1h')"}]`,
      ),
    )
    const shape = (spec: string) =>
      `{apiVersion: stable.example.com/v1, kind: Shape, metadata: {name: s}, spec: ${spec}}`
    await expect
      .poll(() =>
        cluster
          .run(['apply', '-f', '-'], {
            input: shape("{namespace: kube-system, wait: 90m, until: '2025-01-01T00:00:00Z'}"),
          })
          .then(({ stderr }) => stderr),
      )
      .toMatch(
        /failed rule: !has[\s\S]*failed rule: self.__namespace__ != 'kube-system'[\s\S]*failed rule: self.wait < duration/,
      )
    expect(
      await kubectl('apply -f -', shape("{namespace: a, wait: 30m, until: '2027-01-01T00:00:00Z'}")),
    ).toContain('created')
  })

  it('takes its objects with it', async () => {
    expect(await kubectl('delete crd crontabs.stable.example.com --timeout=30s')).toBe(
      'customresourcedefinition.apiextensions.k8s.io "crontabs.stable.example.com" deleted\n',
    )
    // kubectl still has the resource in its discovery cache.
    expect(await failure('get ct')).toContain('the server could not find the requested resource')
    expect(await kubectl('api-resources --api-group=stable.example.com')).not.toContain('crontabs')
  })
})
