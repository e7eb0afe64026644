import { beforeAll, describe, expect, it } from 'vitest'
import { kindOf } from '#kubernetes/apiserver/kinds/registry.ts'
import { KINDS } from '#kubernetes/apiserver/kinds/table.ts'
import { labelSelector } from '#kubernetes/apiserver/label-selectors.ts'
import { canonicalQuantity } from '#kubernetes/apiserver/quantity.ts'
import { decode } from '#kubernetes/apiserver/schema/decode.ts'
import { decodeProtobuf } from '#kubernetes/apiserver/schema/protobuf.ts'
import { loadSchema, type Schema } from '#kubernetes/apiserver/schema/schema.ts'
import { fieldSelector } from '#kubernetes/apiserver/selectors.ts'
import { COLUMNS } from '#kubernetes/apiserver/tables/columns.ts'
import { humanDuration } from '#kubernetes/apiserver/tables/duration.ts'
import { podStatus, readyContainers, restarts } from '#kubernetes/apiserver/tables/pods.ts'

let schema: Schema
beforeAll(async () => {
  schema = await loadSchema(new URL('../../../generated/kubernetes', import.meta.url).pathname)
})

it.each([
  ['1000m', '1'],
  ['0.5', '500m'],
  ['1024Mi', '1Gi'],
  ['1536Mi', '1536Mi'],
  ['0.5Gi', '512Mi'],
  ['1e3', '1e3'],
  ['1500', '1500'],
  ['2000', '2k'],
  [0.1, '100m'],
  ['-5', '-5'],
  ['five', undefined],
])('quantity %s is %s', (given, canonical) => {
  expect(canonicalQuantity(given)).toBe(canonical)
})

it.each([
  [-5000, '<invalid>'],
  [119_000, '119s'],
  [125_000, '2m5s'],
  [600_000, '10m'],
  [4 * 3600_000 + 60_000, '4h1m'],
  [47 * 3600_000, '47h'],
  [50 * 3600_000, '2d2h'],
  [10 * 86_400_000, '10d'],
  [800 * 86_400_000, '2y70d'],
])('%d ms is %s', (ms, text) => {
  expect(humanDuration(ms)).toBe(text)
})

describe('selectors', () => {
  it.each([
    ['a=1', true],
    ['a==1,b!=3', true],
    ['a in (1, 2),!c', true],
    ['a notin (1)', false],
    ['c', false],
    ['b>1', true],
    ['', true],
  ])('labels %s', (selector, selected) => {
    expect(labelSelector(selector)({ a: '1', b: '2' })).toBe(selected)
  })

  it('refuse broken text and fields that a kind does not have', () => {
    expect(() => labelSelector('a in (b')).toThrow(
      "unable to parse requirement: found '', expected: ',' or ')'",
    )
    expect(() => labelSelector('a=b=c')).toThrow("found '=', expected: ',' or 'end of string'")
    expect(() => labelSelector('a=b,')).toThrow("found '', expected: identifier after ','")
    expect(() => labelSelector('a b')).toThrow(
      "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
    )
    expect(() => labelSelector('a>x')).toThrow("values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators")
    expect(() => fieldSelector('spec.x=1', kindOf('pods'))).toThrow('field label not supported: spec.x')
    expect(() => fieldSelector('spec.x=1', kindOf('configmaps'))).toThrow('is not a known field selector')
  })

  it('compare unset booleans as false', () => {
    expect(fieldSelector('spec.unschedulable=false', kindOf('nodes'))({ metadata: {}, spec: {} })).toBe(true)
  })
})

describe('decoding', () => {
  const pod = (spec: object) => decode(schema, kindOf('pods'), { metadata: { name: 'a' }, spec })

  it('keeps what the schema knows and names the rest', () => {
    const { object, unknown } = pod({
      containers: [{ name: 'a', imag: 'x', resources: { limits: { cpu: 1 } } }],
      hostIPC: null,
    })
    expect(unknown).toEqual(['spec.containers[0].imag'])
    expect(object.spec).toEqual({ containers: [{ name: 'a', resources: { limits: { cpu: '1' } } }] })
  })

  it('refuses wrong types with the text of the Go decoder', () => {
    expect(() => pod({ containers: {} })).toThrow(
      'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
    )
    expect(() => pod({ containers: [{ env: [{ name: 'A', value: 1 }] }] })).toThrow(
      'json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string',
    )
  })

  it('reads protobuf: zeros of pointers are values, others are nothing', () => {
    const bytes = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
    const field = (number: number, value: Buffer) =>
      Buffer.concat([Buffer.of((number << 3) | 2, value.length), value])
    const type = Buffer.concat([field(1, Buffer.from('apps/v1')), field(2, Buffer.from('Deployment'))])
    const template = field(2, field(2, field(1, Buffer.from('web'))))
    // replicas: 0 (a pointer), minReadySeconds: 0 (not one), paused: false.
    const spec = Buffer.concat([bytes('08 00'), field(3, template), bytes('28 00 38 00')])
    const raw = Buffer.concat([field(1, field(1, Buffer.from('web'))), field(2, spec)])
    const body = Buffer.concat([Buffer.from('k8s\0'), field(1, type), field(2, raw)])
    expect(decodeProtobuf(schema, body)).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { replicas: 0, template: { spec: { containers: [{ name: 'web' }] } } },
    })
    expect(() => decodeProtobuf(schema, body.subarray(0, -2))).toThrow('malformed')
  })
})

describe('tables', () => {
  const pod = (status: object, rest: object = {}) => ({
    metadata: {},
    spec: { containers: [{ name: 'a' }, { name: 'b' }] },
    status,
    ...rest,
  })
  const running = { ready: true, restartCount: 0, state: { running: {} } }

  it('sum a pod up as kubectl shows it', () => {
    const crashed = {
      restartCount: 3,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { finishedAt: '2026-11-21T10:00:00Z' } },
    }
    const looping = pod({ phase: 'Running', containerStatuses: [crashed, running] })
    expect(podStatus(looping)).toBe('CrashLoopBackOff')
    expect(readyContainers(looping)).toBe('1/2')
    expect(restarts(looping, Date.parse('2026-11-21T10:01:30Z'))).toBe('3 (90s ago)')
    expect(podStatus(pod({ phase: 'Running' }, { metadata: { deletionTimestamp: 'x' } }))).toBe('Terminating')
    const failed = { restartCount: 0, state: { terminated: { exitCode: 2 } } }
    expect(podStatus(pod({ phase: 'Failed', containerStatuses: [failed] }))).toBe('ExitCode:2')
    expect(podStatus(pod({ phase: 'Pending' }))).toBe('Pending')
  })

  it('show init containers while they run', () => {
    const waiting = pod(
      { phase: 'Pending', initContainerStatuses: [{ name: 'i', restartCount: 1, state: { running: {} } }] },
      { spec: { containers: [{ name: 'a' }], initContainers: [{ name: 'i' }] } },
    )
    expect(podStatus(waiting)).toBe('Init:0/1')
  })

  it('exist for every kind that people list', () => {
    const generic = KINDS.filter((kind) => !kind.virtual)
      .map((kind) => (kind.group ? `${kind.plural}.${kind.group}` : kind.plural))
      .filter((name) => !COLUMNS[name])
    expect(generic).toEqual(['customresourcedefinitions.apiextensions.k8s.io'])
  })
})
