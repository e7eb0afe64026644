import { expect } from 'vitest'
import type { Json, Workbench } from './workbench.ts'

export interface Operations {
  /** `/apis/networking.k8s.io/v1` */
  base: string
  plural: string
  namespace?: string
  /** An object to make; its name and labels are the walk's own. */
  object: Json
  /** Whether objects of the kind are made with `generateName`; default: three names from `name`. */
  names?: string[]
  /** A change of `status` that is written and read back. */
  status?: (object: Json) => Json
  /** Subresources that discovery must name. */
  subresources?: string[]
}

/**
 * What conformance asks of most kinds: discovery names it, and objects can be created, read, listed, watched, patched, updated (their
 * status, too), deleted, and deleted as a collection.
 */
export async function allOperations(bench: Workbench, operations: Operations): Promise<void> {
  const { base, plural, namespace, object } = operations
  const [, , group, version] = base.split('/')
  const groups = await bench.get('/apis')
  if (group) {
    expect(groups.groups.find(({ name }: Json) => name === group).versions).toContainEqual({
      groupVersion: `${group}/${version}`,
      version,
    })
    expect((await bench.get(`/apis/${group}`)).versions.map(({ version }: Json) => version)).toContain(
      version,
    )
  }
  const served = (await bench.get(base)).resources.map(({ name }: Json) => name)
  for (const name of ['', ...(operations.subresources ?? []), ...(operations.status ? ['status'] : [])])
    expect(served).toContain(name ? `${plural}/${name}` : plural)

  const all = `${base}/${plural}`
  const collection = namespace ? `${base}/namespaces/${namespace}/${plural}` : all
  const labels = { walk: plural }
  const names = operations.names ?? ['walk-1', 'walk-2', 'walk-3']
  const query = `labelSelector=walk%3D${plural}`
  const made = []
  for (const name of names)
    made.push(await bench.post(collection, { ...object, metadata: { ...object.metadata, name, labels } }))
  const [first] = names as [string]
  const path = `${collection}/${first}`

  expect((await bench.get(path)).metadata.uid).toBe(made[0].metadata.uid)
  expect((await bench.get(`${collection}?${query}`)).items).toHaveLength(names.length)
  expect((await bench.get(`${all}?${query}`)).items).toHaveLength(names.length)

  const watch = await bench.watch(
    `${collection}?${query}&resourceVersion=${made.at(-1).metadata.resourceVersion}`,
  )
  const patched = await bench.patch(path, { metadata: { annotations: { patched: 'true' } } })
  expect(patched.metadata.annotations.patched).toBe('true')
  await watch.next(
    ({ type, object }) => type === 'MODIFIED' && object.metadata.annotations?.patched === 'true',
  )
  const now = await bench.get(path)
  now.metadata.annotations.updated = 'true'
  expect((await bench.put(path, now)).metadata.annotations.updated).toBe('true')
  await watch.next(
    ({ type, object }) => type === 'MODIFIED' && object.metadata.annotations?.updated === 'true',
  )

  if (operations.status) {
    const before = await bench.get(`${path}/status`)
    const status = operations.status(before)
    const updated = await bench.put(`${path}/status`, { ...before, status })
    expect(updated.status).toMatchObject(status)
    expect(
      (
        await bench.patch(`${path}/status`, {
          metadata: { annotations: { 'status-patched': 'true' } },
          status,
        })
      ).status,
    ).toMatchObject(status)
    expect((await bench.get(path)).status).toMatchObject(status)
  }

  await bench.delete(path)
  await watch.next(({ type, object }) => type === 'DELETED' && object.metadata.name === first)
  watch.close()
  await bench.refused('GET', path)
  await bench.delete(`${collection}?${query}`)
  for (const name of names) await bench.until(`${collection}/${name}`, (gone) => gone === undefined)
}
