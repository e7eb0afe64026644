import { beforeEach, describe, expect, it } from 'vitest'
import { ReplicaCounts } from '#kubernetes/controllers/replica-counts.ts'
import { LabelIndex } from '#kubernetes/label-index.ts'
import type { Pod, ReplicaSet } from '#kubernetes/objects.ts'
import { SelectorIndex } from '#kubernetes/selector-index.ts'
import { Store } from '#world/store.ts'

type Labels = Record<string, string>

let store: Store
beforeEach(() => {
  store = new Store()
})

const pod = (
  name: string,
  labels?: Labels,
  more: { owner?: string; ready?: boolean; going?: boolean } = {},
) =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: name.split('/')[0],
      labels,
      ...(more.going && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      ...(more.owner && { ownerReferences: [{ uid: more.owner, controller: true }] }),
    },
    spec: {},
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: more.ready ? 'True' : 'False' }] },
  }) as unknown as Pod
const put = (...pods: Pod[]) => {
  for (const one of pods) store.put(`pods/${one.metadata.name}`, one)
}
const names = (objects: { metadata: { name: string } }[]) => objects.map(({ metadata }) => metadata.name)

describe('an index of labels', () => {
  it('gives what a selector picks in its namespace, as objects come, change and go', () => {
    put(pod('a/1', { app: 'web', tier: 'front' }), pod('b/1', { app: 'web' }))
    const index = new LabelIndex<Pod>(store, 'pods/')
    put(pod('a/2', { app: 'web' }), pod('a/3', { app: 'db' }), pod('a/4'))
    const select = (selector: Parameters<typeof index.select>[1]) => names(index.select('a', selector))
    expect(select({ matchLabels: { app: 'web' } })).toEqual(['a/1', 'a/2'])
    expect(select({ matchLabels: { app: 'web', tier: 'front' } })).toEqual(['a/1'])
    expect(select({ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] })).toEqual([
      'a/3',
      'a/4',
    ])
    expect(select({})).toEqual(['a/1', 'a/2', 'a/3', 'a/4'])
    expect(select(undefined)).toEqual([])
    put(pod('a/2', { app: 'db' }))
    store.delete('pods/a/1')
    expect(select({ matchLabels: { app: 'web' } })).toEqual([])
    expect(select({ matchLabels: { app: 'db' } })).toEqual(['a/3', 'a/2'])
  })
})

describe('an index of selectors', () => {
  it('gives those that pick an object, by all of what they ask', () => {
    const index = new SelectorIndex<ReplicaSet>(store, 'sets/', ({ spec }) => spec.selector)
    const set = (name: string, selector?: object) =>
      store.put(`sets/${name}`, { metadata: { name, namespace: 'a' }, spec: { selector } })
    set('web', { matchLabels: { app: 'web' } })
    set('front', { matchLabels: { app: 'web', tier: 'front' } })
    set('any', {})
    set('tiered', { matchExpressions: [{ key: 'tier', operator: 'Exists' }] })
    set('none')
    const selecting = (labels?: Labels) => names(index.selecting('a', labels)).sort()
    expect(selecting({ app: 'web' })).toEqual(['any', 'web'])
    expect(selecting({ app: 'web', tier: 'front' })).toEqual(['any', 'front', 'tiered', 'web'])
    expect(selecting(undefined)).toEqual(['any'])
    expect(index.selecting('b', { app: 'web' })).toEqual([])
    set('web', { matchLabels: { app: 'api' } })
    expect(selecting({ app: 'web' })).toEqual(['any'])
  })
})

describe('counts of replicas', () => {
  it('follow the pods of each controller', () => {
    put(pod('a/1', { app: 'web' }, { owner: 'x', ready: true }))
    const counts = new ReplicaCounts(store, 'pods/')
    put(pod('a/2', { app: 'web' }, { owner: 'x' }), pod('a/3', { app: 'db' }, { owner: 'x', ready: true }))
    put(pod('a/4', {}, { owner: 'y' }), pod('a/5'))
    expect(counts.of('x')).toMatchObject({ active: 3, ready: 2 })
    expect([...counts.of('x').alike.values()]).toEqual([
      { labels: { app: 'web' }, active: 2, kept: 2 },
      { labels: { app: 'db' }, active: 1, kept: 1 },
    ])
    put(pod('a/1', { app: 'web' }, { owner: 'x', ready: true, going: true }), pod('a/2', { app: 'web' }))
    store.delete('pods/a/3')
    expect(counts.of('x')).toEqual({ active: 0, ready: 0, alike: new Map() })
    expect(counts.of('y').active).toBe(1)
  })

  it('keep an ended pod that nobody has deleted among those that may be let go, and out of the replicas', () => {
    const counts = new ReplicaCounts(store, 'pods/')
    const ended = pod('a/1', { app: 'web' }, { owner: 'x' })
    put({ ...ended, status: { ...ended.status, phase: 'Failed' } })
    expect(counts.of('x').active).toBe(0)
    expect([...counts.of('x').alike.values()]).toEqual([{ labels: { app: 'web' }, active: 0, kept: 1 }])
  })
})
