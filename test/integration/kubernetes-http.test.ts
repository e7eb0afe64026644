import type { IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { json, text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KubernetesObject } from '#kubernetes/api.ts'
import { Store } from '#world/store.ts'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'

interface Answer {
  kind: string
  metadata: { name: string; resourceVersion: string; continue?: string; remainingItemCount?: number }
  items: Answer[]
  [field: string]: unknown
}

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster({ nodes: 0 })
})
afterAll(() => cluster.close())

const MAPS = '/api/v1/namespaces/default/configmaps'

async function call(method: string, path: string, body?: object, headers?: Record<string, string>) {
  const response = await cluster.request(method, path, body, headers)
  return { status: response.statusCode, headers: response.headers, body: (await json(response)) as Answer }
}

const make = (name: string, labels?: object) =>
  call('POST', MAPS, { metadata: { name, labels }, data: { a: 'b' } })

interface Event {
  type: string
  object: Answer & { code?: number; message?: string }
}

async function* events(response: IncomingMessage): AsyncGenerator<Event, undefined> {
  for await (const line of createInterface({ input: response })) yield JSON.parse(line)
}

async function watch(query: string) {
  const response = await cluster.request('GET', `${MAPS}?watch=true&${query}`)
  const stream = events(response)
  return {
    next: async () => (await stream.next()).value!,
    close: () => response.destroy(),
  }
}

describe('lists', () => {
  it('come in pages of one state', async () => {
    for (const name of ['page-1', 'page-2', 'page-3']) await make(name, { page: 'yes' })
    const first = await call('GET', `${MAPS}?limit=2&labelSelector=page`)
    expect(first.body.items.map(({ metadata }) => metadata.name)).toEqual(['page-1', 'page-2'])
    await call('DELETE', `${MAPS}/page-3`)
    const token = encodeURIComponent(first.body.metadata.continue!)
    const second = await call('GET', `${MAPS}?limit=2&labelSelector=page&continue=${token}`)
    expect(second.body.items.map(({ metadata }) => metadata.name)).toEqual(['page-3'])
    expect(second.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion)
    expect((await call('GET', `${MAPS}?limit=2&continue=nonsense`)).status).toBe(400)
  })

  it('are tables or metadata when asked', async () => {
    const table = await call('GET', MAPS, undefined, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    })
    expect(table.body).toMatchObject({
      kind: 'Table',
      columnDefinitions: [{ name: 'Name' }, { name: 'Data' }, { name: 'Age' }],
    })
    const partial = await call('GET', MAPS, undefined, {
      accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
    })
    expect(partial.body.kind).toBe('PartialObjectMetadataList')
    expect(partial.body.items[0]).not.toHaveProperty('data')
  })
})

describe('watches', () => {
  it('resume from a resourceVersion, and follow what a selector sees', async () => {
    const { body } = await make('watched', { seen: 'yes' })
    const version = Number(body.metadata.resourceVersion) - 1
    const stream = await watch(`resourceVersion=${version}&labelSelector=seen`)
    expect(await stream.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'watched' } } })
    const patch = (labels: object) =>
      call(
        'PATCH',
        `${MAPS}/watched`,
        { metadata: { labels } },
        { 'content-type': 'application/merge-patch+json' },
      )
    await patch({ more: '1' })
    expect(await stream.next()).toMatchObject({ type: 'MODIFIED' })
    const gone = await patch({ seen: null })
    expect(await stream.next()).toMatchObject({
      type: 'DELETED',
      object: { metadata: { resourceVersion: gone.body.metadata.resourceVersion } },
    })
    stream.close()
  })

  it('begin with what there is, and mark its end', async () => {
    const stream = await watch(
      'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&fieldSelector=metadata.name%3Dwatched',
    )
    expect(await stream.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'watched' } } })
    expect(await stream.next()).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    })
    stream.close()
  })

  const LARGE = 500_000
  const fill = async (names: string[]) => {
    for (const name of names) {
      const { cluster: made } = cluster
      const data = { text: name.padEnd(LARGE, 'x') }
      made.client.create('configmaps', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, namespace: 'default', labels: { large: 'yes' } },
        data,
      } as KubernetesObject)
      await cluster.world.store.flushed()
    }
  }

  it('cut off who does not read, and give all that there is to who reads slowly', async () => {
    const { body } = await call('GET', `${MAPS}?limit=1`)
    const query = `${MAPS}?watch=true&labelSelector=large&resourceVersion=`
    const response = await cluster.request('GET', `${query}${body.metadata.resourceVersion}`)
    response.pause()
    const names = Array.from({ length: 40 }, (_, index) => `large-${index}`)
    await fill(names)
    await expect(text(response)).rejects.toThrow('aborted')

    const slow = await cluster.request('GET', `${query}0`)
    slow.pause()
    // What is written now has its place after all that there was, however long that takes.
    await fill(['large-late'])
    const stream = events(slow)
    const seen = []
    for (let count = 0; count <= names.length; count++)
      seen.push((await stream.next()).value!.object.metadata.name)
    expect(seen).toEqual([...names.toSorted(), 'large-late'])
    slow.destroy()
    await call('DELETE', `${MAPS}?labelSelector=large`)
  })

  it('from a forgotten resourceVersion end with 410', async () => {
    cluster.world.store.compact(cluster.world.store.revision)
    const stream = await watch('resourceVersion=1')
    expect(await stream.next()).toMatchObject({
      type: 'ERROR',
      object: {
        code: 410,
        reason: 'Expired',
        message: expect.stringMatching(/^too old resource version: 1 \(\d+\)$/),
      },
    })
  })
})

describe('writes', () => {
  it('of an old resourceVersion conflict', async () => {
    const { body } = await make('versioned')
    await call('PUT', `${MAPS}/versioned`, { ...body, data: { a: 'c' } })
    const late = await call('PUT', `${MAPS}/versioned`, { ...body, data: { a: 'd' } })
    expect(late).toMatchObject({
      status: 409,
      body: {
        reason: 'Conflict',
        message:
          'Operation cannot be fulfilled on configmaps "versioned": the object has been modified; please apply your changes to the latest version and try again',
      },
    })
  })

  it('that change nothing keep the resourceVersion', async () => {
    const { body } = await call('GET', `${MAPS}/versioned`)
    const again = await call('PUT', `${MAPS}/versioned`, body)
    expect(again.body.metadata.resourceVersion).toBe(body.metadata.resourceVersion)
  })

  it('keep deleted objects until their finalizers are gone', async () => {
    await call('POST', MAPS, { metadata: { name: 'held', finalizers: ['example.com/hold'] } })
    await call('DELETE', `${MAPS}/held`)
    const held = await call('GET', `${MAPS}/held`)
    expect(held.body.metadata).toHaveProperty('deletionTimestamp')
    await call(
      'PATCH',
      `${MAPS}/held`,
      { metadata: { finalizers: null } },
      { 'content-type': 'application/merge-patch+json' },
    )
    expect((await call('GET', `${MAPS}/held`)).status).toBe(404)
  })

  it('respect preconditions', async () => {
    await make('kept')
    const refused = await call('DELETE', `${MAPS}/kept`, { preconditions: { uid: 'other' } })
    expect(refused.status).toBe(409)
    expect(refused.body.message).toContain('Precondition failed: UID in precondition: other')
  })

  it('are not stored in a dry run', async () => {
    const { status, body } = await call('POST', `${MAPS}?dryRun=All`, { metadata: { generateName: 'dry-' } })
    expect([status, body.metadata.name]).toEqual([201, expect.stringMatching(/^dry-[a-z0-9]{5}$/)])
    expect((await call('GET', `${MAPS}/${body.metadata.name}`)).status).toBe(404)
  })

  it('by unknown methods and on unknown paths are refused with a Status', async () => {
    expect(await call('DELETE', '/api/v1/namespaces')).toMatchObject({
      status: 405,
      body: { reason: 'MethodNotAllowed' },
    })
    expect(await call('GET', '/api/v1/nodes/x/proxy/')).toMatchObject({
      status: 404,
      body: { reason: 'NotFound', message: 'nodes "x" not found' },
    })
    expect(await call('POST', MAPS, undefined, { 'content-type': 'text/plain' })).toMatchObject({
      status: 400,
    })
  })
})

describe('a second server over the same store', () => {
  it('goes on where the first stopped', async () => {
    // The second one has an authority of its own, and publishes it in kube-root-ca.crt.
    const own = `${MAPS}?fieldSelector=metadata.name!=kube-root-ca.crt`
    const before = await call('GET', own)
    const snapshot = cluster.world.store.snapshot()
    const store = new Store()
    store.restore(snapshot.entries(), snapshot.revision)
    const again = await kubectlCluster({ store, nodes: 0 })
    const after = (await json(await again.request('GET', own))) as Answer
    expect(after.items).toEqual(before.body.items)
    const old = await again.request('GET', `${MAPS}?watch=true&resourceVersion=${snapshot.revision - 1}`)
    expect((await events(old).next()).value).toMatchObject({ type: 'ERROR', object: { code: 410 } })
    const made = await again.request('POST', MAPS, { metadata: { name: 'next' } })
    const { metadata } = (await json(made)) as Answer
    expect(Number(metadata.resourceVersion)).toBeGreaterThan(snapshot.revision)
    await again.close()
  })
})
