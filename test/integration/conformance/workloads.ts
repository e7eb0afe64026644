import { expect } from 'vitest'
import type { Json, Workbench } from './workbench.ts'

export const AGNHOST = 'registry.k8s.io/e2e-test-images/agnhost:2.53'
export const web = (image = 'nginx:1.29') => ({
  terminationGracePeriodSeconds: 1,
  containers: [{ name: 'web', image }],
})
export const server = { containers: [{ name: 'web', image: AGNHOST, args: ['serve-hostname'] }] }

/** A workload of so many replicas whose pods are labelled `app`. */
export const workload = (
  kind: string,
  app: string,
  replicas: number,
  spec: object = web(),
  more: object = {},
) => ({
  apiVersion: kind === 'ReplicationController' ? 'v1' : 'apps/v1',
  kind,
  metadata: { name: app, labels: { app } },
  spec: {
    ...(kind !== 'DaemonSet' && { replicas }),
    selector: kind === 'ReplicationController' ? { app } : { matchLabels: { app } },
    template: { metadata: { labels: { app } }, spec },
    ...more,
  },
})

const pod = (name: string, app: string) => ({ metadata: { name, labels: { app } }, spec: web() })
export const ready = (count: number) => (object: Json) =>
  object.status?.readyReplicas === count && object.status.observedGeneration === object.metadata.generation
export const ownersOf = (object: Json): string[] =>
  (object.metadata.ownerReferences ?? []).map(({ kind, name }: Json) => `${kind}/${name}`)
export const podsOf = (bench: Workbench, core: string, app: string): Promise<Json[]> =>
  bench.items(`${core}/pods?labelSelector=app=${app}`)
export const condition = (object: Json, type: string) =>
  object.status.conditions?.find((condition: Json) => condition.type === type)

/** Reads, updates and patches a status; a watch and later reads show what was written. */
export async function statusEndpoints(bench: Workbench, path: string): Promise<void> {
  const collection = path.slice(0, path.lastIndexOf('/'))
  const watch = await bench.watch(
    `${collection}?fieldSelector=metadata.name=${path.slice(path.lastIndexOf('/') + 1)}`,
  )
  const read = await bench.get(`${path}/status`)
  expect(read.kind).toBe((await bench.get(path)).kind)
  await bench.change(`${path}/status`, ({ status }) => {
    status.conditions = [
      ...(status.conditions ?? []),
      { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set from a test' },
    ]
  })
  expect(condition(await bench.get(path), 'StatusUpdate')).toMatchObject({
    reason: 'E2E',
    message: 'Set from a test',
  })
  const conditions = [{ type: 'StatusPatched', status: 'True' }]
  await bench.patch(`${path}/status`, { status: { conditions } })
  expect(condition(await bench.get(`${path}/status`), 'StatusPatched')).toMatchObject({ status: 'True' })
  await bench.advance(1000)
  watch.close()
  const told = (type: string) => watch.seen.some(({ object }) => condition(object, type))
  expect([told('StatusUpdate'), told('StatusPatched')]).toEqual([true, true])
}

/** A scale of one becomes two by update and four by patch. */
export async function scale(bench: Workbench, path: string): Promise<void> {
  await bench.until(path, ready(1))
  const before = await bench.get(`${path}/scale`)
  expect(before).toMatchObject({
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    spec: { replicas: 1 },
    status: { replicas: 1 },
  })
  await bench.change(`${path}/scale`, ({ spec }) => {
    spec.replicas = 2
  })
  expect((await bench.get(path)).spec.replicas).toBe(2)
  const patched = await bench.patch(`${path}/scale`, { spec: { replicas: 4 } })
  expect(patched.spec.replicas).toBe(4)
  expect((await bench.get(path)).spec.replicas).toBe(4)
  await bench.until(path, ready(4))
}

/** A pod that stood alone is adopted, and one whose label changes is let go and replaced. */
export async function adoptsAndReleases(
  bench: Workbench,
  kind: string,
  collection: string,
  core: string,
): Promise<void> {
  const name = kind === 'ReplicationController' ? 'adopting-rc' : 'adopting-rs'
  await bench.post(`${core}/pods`, pod(`${name}-orphan`, name))
  await bench.until(`${core}/pods/${name}-orphan`, ({ status }) => status.phase === 'Running')
  await bench.post(collection, workload(kind, name, 1))
  const adopted = await bench.until(`${core}/pods/${name}-orphan`, (pod) => ownersOf(pod).length > 0)
  expect(ownersOf(adopted)).toEqual([`${kind}/${name}`])
  expect(adopted.metadata.ownerReferences[0]).toMatchObject({ controller: true, blockOwnerDeletion: true })
  await bench.patch(`${core}/pods/${name}-orphan`, { metadata: { labels: { app: 'other' } } })
  await bench.until(`${core}/pods/${name}-orphan`, (pod) => ownersOf(pod).length === 0)
  await bench.until(`${core}/pods?labelSelector=app=${name}`, ({ items }) => items.length === 1)
}

/** Creates objects labelled `suite=collection` and deletes all of them together; `count` of them are there. */
export async function listAndDelete(
  bench: Workbench,
  collection: string,
  objects: object[],
  count = objects.length,
): Promise<void> {
  for (const object of objects) await bench.post(collection, object)
  const labelled = `${collection}?labelSelector=suite=collection`
  expect(await bench.items(labelled)).toHaveLength(count)
  await bench.delete(labelled)
  await bench.until(labelled, ({ items }) => items.length === 0)
}

export const labelled = (object: Json) => ({
  ...object,
  metadata: { ...object.metadata, labels: { ...object.metadata.labels, suite: 'collection' } },
})
