import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OwnedCloud, PictureChange } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { killCloud } from '../support/kill-cloud.ts'
import { LabShell } from '../support/lab-shell.ts'

let directory: string
let cloud: OwnedCloud
/** Learners by the names of their worlds. */
const shells = new Map<string, LabShell>()
const NAMES = ['ann', 'bob', 'cid', 'dan']

const start = () => startCloud({ directory, processes: 2, sleepAfterMs: 2000 })

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-processes-'))
  cloud = await start()
  for (const id of NAMES) {
    const world = await cloud.createWorld({ id, provisioning: 'instant' })
    // As an open page does: who is followed does not sleep.
    cloud.watch(id, {}, () => {})
    shells.set(id, await LabShell.open(world))
  }
})
afterAll(async () => {
  await cloud.stop()
  for (const shell of shells.values()) await shell.close()
  await rm(directory, { recursive: true })
})

const shell = (id: string) => shells.get(id)!
/** How many worlds are awake in each process. */
const spread = async () =>
  (await cloud.processes()).sort((a, b) => a.number - b.number).map(({ awake }) => awake)
const repositories = "aws ecr describe-repositories --query 'repositories[].repositoryName' --output text"

describe('a cloud of two processes', () => {
  it('spreads its worlds over them', async () => {
    expect(await spread()).toEqual([2, 2])
    expect((await cloud.worlds()).map(({ id, awake }) => [id, awake]).sort()).toEqual(
      NAMES.map((id) => [id, true]),
    )
    expect(new Set((await cloud.processes()).map(({ pid }) => pid)).size).toBe(2)
  })

  it.each(NAMES)('serves the tools of %s in their own world', async (id) => {
    await shell(id).ok(`aws ecr create-repository --repository-name of-${id}`)
    expect(await shell(id).ok(repositories)).toBe(`of-${id}`)
    // Two ways over one connection, each ended by itself.
    expect(await shell(id).ok('echo hello | docker run --rm --interactive busybox cat')).toBe('hello')
    await shell(id).ok('docker run --detach --publish 8080:80 nginx')
    await expect
      .poll(() => shell(id).run('curl --silent --fail localhost:8080'), { timeout: 20_000 })
      .toMatchObject({ code: 0, stdout: expect.stringContaining('Welcome to nginx') })
  })

  it('refuses who does not know the secret, or names no world', async () => {
    const url = new URL(shell('ann').world.proxyUrl)
    for (const credentials of ['ann:wrong', 'nobody:wrong', '']) {
      const proxy = `http://${credentials && `${credentials}@`}${url.host}`
      expect(await shell('bob').ok(`curl --silent --proxy ${proxy} http://x.amazonaws.com/`)).toContain(
        'the proxy URL names no world that it knows',
      )
    }
    expect(await cloud.world('nobody')).toBeUndefined()
    await expect(cloud.restore('ann', 'nothing')).rejects.toThrow('world "ann" has no save point "nothing"')
  })

  it('makes a copy in whichever process, and forgets what is deleted', async () => {
    await cloud.save('ann', 'now')
    const copy = await cloud.createWorld({ id: 'eve', from: { world: 'ann', save: 'now' } })
    const eve = await LabShell.open(copy)
    expect(await eve.ok(repositories)).toBe('of-ann')
    const socket = copy.dockerHost.replace('unix://', '')
    const isThere = () =>
      stat(socket).then(
        () => true,
        () => false,
      )
    expect(await isThere()).toBe(true)
    await cloud.deleteWorld('eve')
    expect(await cloud.world('eve')).toBeUndefined()
    await expect.poll(isThere).toBe(false)
    await eve.close()
    await expect(cloud.createWorld({ id: 'eve', from: { world: 'ann', save: 'never' } })).rejects.toThrow(
      'has no save point',
    )
    await expect.poll(isThere).toBe(false)
  })

  it('loses with a process nothing but the connections to its worlds, which wake in the other', async () => {
    const [first, second] = (await cloud.processes()).sort((a, b) => a.number - b.number)
    /** How often each world’s picture began anew. */
    const begun = new Map<string, number>()
    const followed = NAMES.map(async (id) => {
      const seen = Promise.withResolvers<void>()
      cloud.picture(id, ({ whole }: PictureChange) => {
        if (!whole) return
        begun.set(id, (begun.get(id) ?? 0) + 1)
        seen.resolve()
      })
      await seen.promise
    })
    await Promise.all(followed)
    const statuses: string[] = []
    cloud.onStatus((status) => statuses.push(status))
    process.kill(first!.pid, 'SIGKILL')
    await expect.poll(() => [...begun.values()].sort(), { timeout: 20_000 }).toEqual([1, 1, 2, 2])
    for (const id of NAMES) expect(await shell(id).ok(repositories)).toBe(`of-${id}`)
    expect(statuses).toEqual([])
    const after = await cloud.processes()
    expect(after.find(({ number }) => number === 1)).toMatchObject({ pid: second!.pid, awake: 4 })
    // What died is there again, for who wakes next.
    await expect.poll(async () => (await cloud.processes()).length, { timeout: 20_000 }).toBe(2)
    await cloud.createWorld({ id: 'fay' })
    expect(await spread()).toEqual([1, 4])
    await cloud.deleteWorld('fay')
  })

  it('is there again after its gate was killed, with everything', async () => {
    await killCloud(cloud)
    for (const id of NAMES) expect(await shell(id).ok(repositories)).toBe(`of-${id}`)
    await expect.poll(spread, { timeout: 20_000 }).toEqual([2, 2])
  })
})

describe('a world that sleeps', () => {
  it('wakes in the process with the fewest worlds', async () => {
    await cloud.createWorld({ id: 'gus', provisioning: 'instant' })
    const gus = await LabShell.open((await cloud.world('gus'))!)
    await gus.ok('aws ecr create-repository --repository-name of-gus')
    const awake = async () => (await cloud.worlds()).find(({ id }) => id === 'gus')!.awake
    await expect.poll(awake, { timeout: 20_000 }).toBe(false)
    const before = await spread()
    expect(await gus.ok(repositories)).toBe('of-gus')
    const after = await spread()
    expect(after.map((count, number) => count - before[number]!).sort()).toEqual([0, 1])
    await gus.close()
  })
})
