import { beforeAll, describe, expect, it } from 'vitest'
import { changedFields, fieldsOf, paths } from '#kubernetes/apiserver/apply/field-set.ts'
import { mergeApplied, removeFields } from '#kubernetes/apiserver/apply/merge.ts'
import { applyJsonPatch, applyMergePatch } from '#kubernetes/apiserver/patch/json-patch.ts'
import { applyStrategicPatch } from '#kubernetes/apiserver/patch/strategic.ts'
import { loadSchema, type Schema } from '#kubernetes/apiserver/schema/schema.ts'

let schema: Schema
beforeAll(async () => {
  schema = await loadSchema(new URL('../../../generated/kubernetes', import.meta.url).pathname)
})

const deployment = (containers: object[], rest: object = {}) => ({
  metadata: { name: 'web' },
  spec: { template: { spec: { containers, ...rest } } },
})

describe('JSON patch', () => {
  it('adds, removes, replaces, moves, copies and tests', () => {
    const patched = applyJsonPatch({ a: [1, 2], b: { c: 'x' } }, [
      { op: 'test', path: '/b/c', value: 'x' },
      { op: 'add', path: '/a/-', value: 3 },
      { op: 'add', path: '/a/0', value: 0 },
      { op: 'remove', path: '/a/1' },
      { op: 'move', from: '/b/c', path: '/b/d~1e' },
      { op: 'copy', from: '/a', path: '/f' },
      { op: 'replace', path: '/b/d~1e', value: 'y' },
    ])
    expect(patched).toEqual({ a: [0, 2, 3], b: { 'd/e': 'y' }, f: [0, 2, 3] })
  })

  it('refuses what does not fit', () => {
    expect(() => applyJsonPatch({}, [{ op: 'remove', path: '/a' }])).toThrow('doc is missing path: "/a"')
    expect(() => applyJsonPatch({ a: 1 }, [{ op: 'test', path: '/a', value: 2 }])).toThrow('test failed')
  })
})

it('merges as RFC 7386 says', () => {
  expect(applyMergePatch({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: null, e: 3 }, d: [2] })).toEqual({
    a: { c: 2, e: 3 },
    d: [2],
  })
})

describe('strategic merge', () => {
  const patch = (object: object, change: object) =>
    applyStrategicPatch(schema.model('V1Deployment'), object, change)

  it('merges containers by name and leaves the others', () => {
    const object = deployment([
      { name: 'web', image: 'nginx:1', env: [{ name: 'A', value: '1' }] },
      { name: 'side', image: 'busybox' },
    ])
    const change = deployment([{ name: 'web', image: 'nginx:2', env: [{ name: 'B', value: '2' }] }])
    expect(patch(object, change).spec.template.spec.containers).toEqual([
      {
        name: 'web',
        image: 'nginx:2',
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
      },
      { name: 'side', image: 'busybox' },
    ])
  })

  it('deletes, replaces and orders by directive', () => {
    const object = deployment([{ name: 'a' }, { name: 'b' }], { volumes: [{ name: 'v', emptyDir: {} }] })
    const change = {
      spec: {
        template: {
          spec: {
            $setElementOrder: undefined,
            '$setElementOrder/containers': [{ name: 'c' }, { name: 'b' }],
            containers: [{ name: 'a', $patch: 'delete' }, { name: 'c' }],
            volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }],
          },
        },
      },
    }
    const { containers, volumes } = patch(object, change).spec.template.spec
    expect(containers).toEqual([{ name: 'c' }, { name: 'b' }])
    expect(volumes).toEqual([{ name: 'v', hostPath: { path: '/x' } }])
  })

  it('replaces lists without a merge key', () => {
    const object = deployment([{ name: 'a', args: ['1', '2'] }])
    expect(
      patch(object, deployment([{ name: 'a', args: ['3'] }])).spec.template.spec.containers[0].args,
    ).toEqual(['3'])
  })
})

describe('fields', () => {
  it('are told apart by the keys of lists, with their defaults', () => {
    const object = deployment([{ name: 'web', image: 'x', ports: [{ containerPort: 80 }] }])
    expect(paths(fieldsOf(schema.model('V1Deployment'), object))).toEqual([
      '.spec.template.spec.containers[name="web"].name',
      '.spec.template.spec.containers[name="web"].image',
      '.spec.template.spec.containers[name="web"].ports[containerPort=80,protocol="TCP"].containerPort',
    ])
  })

  it('of a change are those that differ', () => {
    const model = schema.model('V1Deployment')
    const before = deployment([{ name: 'web', image: 'x' }], { nodeSelector: { a: 'b' } })
    const after = deployment([{ name: 'web', image: 'y' }], { nodeSelector: { a: 'c' } })
    expect(paths(changedFields(model, before, after))).toEqual([
      '.spec.template.spec.containers[name="web"].image',
      '.spec.template.spec.nodeSelector',
    ])
  })

  it('merge into lists by key, and go with their element', () => {
    const model = schema.model('V1Deployment')
    const present = deployment([{ name: 'web', image: 'x', ports: [{ containerPort: 80, protocol: 'TCP' }] }])
    const wanted = deployment([
      { name: 'web', ports: [{ containerPort: 80, name: 'http' }] },
      { name: 'side' },
    ])
    const merged = mergeApplied(model, present, wanted)
    expect(merged.spec.template.spec.containers).toEqual([
      { name: 'web', image: 'x', ports: [{ containerPort: 80, protocol: 'TCP', name: 'http' }] },
      { name: 'side' },
    ])
    const side = {
      'f:spec': {
        'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"side"}': { '.': {}, 'f:name': {} } } } },
      },
    }
    expect(removeFields(model, merged, side).spec.template.spec.containers).toHaveLength(1)
  })
})
