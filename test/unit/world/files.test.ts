import { appendFile, mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WorldFiles } from '#world/files.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-files-'))
})
afterEach(() => rm(directory, { recursive: true }))

const state = (files: WorldFiles) => [...files.store.snapshot().entries()]
const journalPath = async () =>
  join(directory, (await readdir(directory)).find((name) => name.startsWith('journal-'))!)

describe('WorldFiles', () => {
  it('finds every flushed commit again, with its counters', async () => {
    const first = await WorldFiles.open(directory)
    first.store.put('a/1', { text: 'ä✓' })
    first.store.put('a/1', { text: 'second' })
    first.store.commit([
      { key: 'b/1', value: 1 },
      { key: 'a/2', value: [] },
    ])
    first.store.delete('b/1')
    await first.store.flushed()
    // Not closed: as after a kill.
    const second = await WorldFiles.open(directory)
    expect(state(second)).toEqual(state(first))
    expect(second.store.revision).toBe(4)
    await first.close()
    await second.close()
  })

  it.each([
    ['a record without its end', async (path: string) => appendFile(path, 'deadbeef [5,["c",1]')],
    ['a record with a wrong checksum', async (path: string) => appendFile(path, 'deadbeef [5,["c",1]]\n')],
    ['bytes of no sense', async (path: string) => appendFile(path, Buffer.from([0, 0, 0, 255, 10, 0]))],
  ])('cuts off %s at the tail and writes on', async (_, damage) => {
    const first = await WorldFiles.open(directory)
    for (let i = 0; i < 4; i++) first.store.put(`k/${i}`, i)
    await first.close()
    await damage(await journalPath())
    const damaged: number[] = []
    const second = await WorldFiles.open(directory, { onDamage: (_, bytes) => damaged.push(bytes) })
    expect(second.store.values('k/')).toEqual([0, 1, 2, 3])
    expect(damaged).toHaveLength(1)
    second.store.put('k/4', 4)
    await second.close()
    const third = await WorldFiles.open(directory)
    expect(third.store.values('k/')).toEqual([0, 1, 2, 3, 4])
    await third.close()
  })

  it('recovers a prefix of the commits wherever the journal was torn', async () => {
    const first = await WorldFiles.open(directory)
    for (let i = 0; i < 20; i++) {
      // Two commits in one turn: both are there afterwards, or neither.
      first.store.put(`k/${i % 7}`, { i, text: 'x'.repeat(i) })
      first.store.put('twin', i)
      await first.store.flushed()
    }
    await first.close()
    const path = await journalPath()
    const whole = await readFile(path)
    for (let length = whole.length; length >= 0; length -= 13) {
      await truncate(path, length)
      const files = await WorldFiles.open(directory)
      const turns = whole.subarray(0, length).toString('latin1').split('\n').length - 1
      expect(files.store.revision).toBe(2 * turns)
      await files.close()
    }
  })

  it('folds a long journal into a snapshot while commits go on, losing none', async () => {
    const first = await WorldFiles.open(directory, { snapshotBytes: 2000, historyBytes: 0 })
    for (let i = 0; i < 500; i++) {
      first.store.put(`k/${i % 50}`, { i })
      if (i % 10 === 0) await first.store.flushed()
    }
    await first.close()
    const second = await WorldFiles.open(directory)
    expect(state(second)).toEqual(state(first))
    await second.close()
    const names = await readdir(directory)
    expect(names.filter((name) => name.startsWith('snapshot-'))).toHaveLength(1)
    expect(names.filter((name) => name.startsWith('journal-'))).toHaveLength(1)
  })

  it('tells what was at every revision that it keeps, through folding, a restart and a save point put back', async () => {
    const options = { snapshotBytes: 1_000 }
    let files = await WorldFiles.open(directory, options)
    const then: Record<number, unknown> = {}
    const write = async (from: number, to: number) => {
      for (let i = from; i < to; i++) {
        files.store.put(`k/${i % 5}`, { i, text: 'x'.repeat(100) })
        then[files.store.revision] = state(files)
        await files.store.flushed()
      }
    }
    await write(0, 40)
    await files.save('one')
    await write(40, 60)
    await files.restore('one')
    files = await WorldFiles.open(directory, options)
    then[files.store.revision] = state(files)
    await write(60, 80)
    expect((await readdir(directory)).filter((name) => name.startsWith('snapshot-')).length).toBeGreaterThan(
      3,
    )
    for (const [revision, wanted] of Object.entries(then))
      expect([...(await files.stateAt(Number(revision)))!.entries], revision).toEqual(wanted)
    expect(await files.stateAt(files.store.revision + 1)).toBeUndefined()
    await files.close()
    const again = await WorldFiles.open(directory, options)
    expect(state(again)).toEqual(then[again.store.revision])
    await again.close()
  })

  it('lets go of the oldest past first, and says so', async () => {
    const files = await WorldFiles.open(directory, { snapshotBytes: 1_000, historyBytes: 3_000 })
    for (let i = 0; i < 100; i++) {
      files.store.put(`k/${i % 5}`, { i, text: 'x'.repeat(100) })
      await files.store.flushed()
    }
    expect(await files.stateAt(5)).toBeUndefined()
    expect([...(await files.stateAt(100))!.entries]).toEqual(state(files))
    expect((await readdir(directory)).length).toBeLessThan(12)
    await files.close()
  })

  it('keeps a whole state when two save it under one name at once', async () => {
    const files = await WorldFiles.open(directory)
    for (let i = 0; i < 5000; i++) files.store.put(`k/${i}`, 'x'.repeat(100))
    await Promise.all([files.save('step-1'), files.save('step-1'), files.save('step-1')])
    expect((await files.saves.read('step-1')).entries).toHaveLength(5000)
    await files.close()
  })

  it('puts a save point back, with revisions going on', async () => {
    const first = await WorldFiles.open(directory)
    first.store.put('k', 'before')
    await first.save('step-1')
    first.store.put('k', 'after')
    first.store.put('l', 'new')
    await first.restore('step-1')
    const second = await WorldFiles.open(directory)
    expect(second.store.get('k')?.value).toBe('before')
    expect(second.store.get('l')).toBeUndefined()
    expect(second.store.revision).toBeGreaterThan(3)
    expect(await second.saves.names()).toEqual(['step-1'])
    await expect(second.restore('nope')).rejects.toThrow('there is no save point "nope"')
    await expect(second.save('../x')).rejects.toThrow('cannot name a save point')
    await second.close()
  })
})
