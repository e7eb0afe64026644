import { describe, expect, it } from 'vitest'
import { CompactedError, ConflictError, Store, type StoreEvent } from '#world/store.ts'
import { generator } from '../../support/random.ts'

describe('Store', () => {
  it('gives each commit one revision and counts versions', () => {
    const store = new Store()
    store.put('a', 1)
    store.commit([
      { key: 'a', value: 2 },
      { key: 'b', value: 1 },
    ])
    expect(store.revision).toBe(2)
    expect(store.get('a')).toEqual({ key: 'a', value: 2, createRevision: 1, modRevision: 2, version: 2 })
    expect(store.get('b')?.createRevision).toBe(2)
  })

  it('refuses a lost compare-and-swap and changes nothing', () => {
    const store = new Store()
    store.put('a', 1)
    expect(() => store.put('a', 2, 0)).toThrow(ConflictError)
    expect(() =>
      store.commit([
        { key: 'b', value: 1, expect: 0 },
        { key: 'a', value: 2, expect: 7 },
      ]),
    ).toThrow(ConflictError)
    expect(store.get('b')).toBeUndefined()
    expect(store.revision).toBe(1)
    store.put('a', 2, 1)
    expect(store.get('a')?.value).toBe(2)
  })

  it('lists by prefix in order, by pages, and as of an earlier revision', () => {
    const store = new Store()
    for (const name of ['c', 'a', 'b']) store.put(`p/${name}`, name)
    store.put('q/x', 'x')
    const page = store.list('p/', { limit: 2 })
    expect(page.entries.map(({ value }) => value)).toEqual(['a', 'b'])
    expect(page.more).toBe(true)
    const old = page.revision
    store.delete('p/c')
    store.put('p/a', 'A')
    const rest = store.list('p/', { startAfter: 'p/b', revision: old })
    expect(rest.entries.map(({ value }) => value)).toEqual(['c'])
    expect(rest.more).toBe(false)
    expect(store.list('p/').entries.map(({ value }) => value)).toEqual(['A', 'b'])
  })

  it('replays a watch from a revision and then goes on', () => {
    const store = new Store()
    store.put('p/a', 1)
    store.put('p/a', 2)
    store.put('q/a', 1)
    const seen: StoreEvent[] = []
    const watch = store.watch('p/', (event) => seen.push(event), { fromRevision: 2 })
    store.delete('p/a')
    watch.close()
    store.put('p/b', 1)
    expect(seen.map(({ type, revision }) => [type, revision])).toEqual([
      ['put', 2],
      ['delete', 4],
    ])
    expect(seen[0]?.previous?.value).toBe(1)
    expect(seen[1]?.entry.modRevision).toBe(4)
  })

  it('says so when the asked-for revision is compacted', () => {
    const store = new Store()
    for (let i = 1; i <= 5; i++) store.put('k', i)
    store.compact(3)
    expect(() => store.watch('k', () => {}, { fromRevision: 3 })).toThrow(CompactedError)
    expect(() => store.list('k', { revision: 2 })).toThrow(CompactedError)
    expect(store.history('k', 4)).toHaveLength(2)
    expect(store.list('k', { revision: 4 }).entries[0]?.value).toBe(4)
  })

  it('writes nothing when an update keeps the value', () => {
    const store = new Store()
    store.put('k', { n: 1 })
    store.update('k', (value) => value)
    expect(store.revision).toBe(1)
    store.update<{ n: number }>('k', (value) => ({ n: value!.n + 1 }))
    expect(store.get('k')?.value).toEqual({ n: 2 })
    store.update('k', () => undefined)
    expect(store.get('k')).toBeUndefined()
  })

  it('keeps a snapshot as it was', () => {
    const store = new Store()
    store.put('a', 1)
    const snapshot = store.snapshot()
    store.put('a', 2)
    store.put('b', 1)
    expect([...snapshot.entries()].map(({ value }) => value)).toEqual([1])
  })
})

describe('count', () => {
  it('knows how many keys are in a folder, also after a snapshot was put back', () => {
    const store = new Store()
    store.commit([
      { key: 'p/a/1', value: 1 },
      { key: 'p/a/2', value: 1 },
      { key: 'p/b/1', value: 1 },
    ])
    store.put('p/a/1', 2)
    store.delete('p/b/1')
    expect([store.count('p/'), store.count('p/a/'), store.count('p/b/')]).toEqual([2, 2, 0])
    const { entries, revision } = store.snapshot()
    const restored = new Store()
    restored.restore(entries(), revision)
    expect(restored.count('p/a/')).toBe(2)
  })
})

describe('look-ups', () => {
  it('agree with listings and counts after random commits, replayed and put back as well', () => {
    const { below } = generator(5)
    const keys = Array.from({ length: 40 }, (_, index) => `p/${index % 3}/${index % 5}/${index}`)
    const store = new Store()
    const replayed = new Store()
    store.attach({ append: (record) => replayed.replay(record), flushed: async () => {} })
    for (let commit = 0; commit < 300; commit++) {
      const write = () => ({ key: keys[below(40)]!, value: below(3) === 0 ? undefined : commit })
      store.commit(Array.from({ length: 1 + below(4) }, write))
    }
    const { entries, revision } = store.snapshot()
    const restored = new Store()
    restored.put('p/gone', 1)
    restored.restore(entries(), revision)
    const listed = store.list('').entries
    expect(listed.length).toBeGreaterThan(10)
    for (const one of [store, replayed, restored]) {
      expect(one.list('').entries).toEqual(listed)
      expect([...keys, 'p/gone'].flatMap((key) => one.get(key) ?? []).length).toBe(listed.length)
      for (const entry of listed) expect(one.get(entry.key)).toEqual(entry)
      expect([one.size, one.count('p/')]).toEqual([listed.length, listed.length])
    }
  })
})
