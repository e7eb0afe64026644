import { describe, expect, it } from 'vitest'
import { type Json, workbench } from './workbench.ts'
import { condition, web, workload } from './workloads.ts'

// Each test is named by its Testname in Kubernetes' conformance list (test/conformance/testdata/conformance.yaml, up to 1.35, read 2026-11),
// and asks for what that entry's description demands.

const bench = workbench(2)
const base64 = (text: string) => Buffer.from(text).toString('base64')
const names = (objects: Json[]) => objects.map(({ metadata }) => metadata.name).sort()

/** Makes, reads, patches, lists, deletes, makes again, updates and deletes as a collection. */
async function lifecycle(collection: string, object: (name: string) => Json): Promise<void> {
  const labelled = `${collection}?labelSelector=round`
  await bench.post(collection, object('first'))
  expect((await bench.get(`${collection}/first`)).metadata.name).toBe('first')
  const patched = await bench.patch(`${collection}/first`, { metadata: { labels: { round: 'patched' } } })
  expect(patched.metadata.labels).toMatchObject({ round: 'patched' })
  expect(names(await bench.items(labelled))).toEqual(['first'])
  await bench.delete(`${collection}/first`)
  await bench.gone(`${collection}/first`)
  await bench.post(collection, object('second'))
  await bench.post(collection, object('third'))
  for (const name of ['second', 'third'])
    await bench.change(`${collection}/${name}`, ({ metadata }) => {
      metadata.labels = { ...metadata.labels, round: 'updated' }
    })
  expect(names(await bench.items(`${collection}?labelSelector=round=updated`))).toEqual(['second', 'third'])
  await bench.delete(labelled)
  await bench.until(labelled, ({ items }) => items.length === 0)
}

describe('objects of storage', () => {
  const STORAGE = '/apis/storage.k8s.io/v1'
  it('CSIDriver, lifecycle (1.28)', () =>
    lifecycle(`${STORAGE}/csidrivers`, (name) => ({
      metadata: { name: `${name}` },
      spec: { attachRequired: false, volumeLifecycleModes: ['Ephemeral'] },
    })))

  it('CSINode, lifecycle (1.32)', () =>
    lifecycle(`${STORAGE}/csinodes`, (name) => ({ metadata: { name }, spec: { drivers: [] } })))

  it('StorageClass, lifecycle (1.29)', () =>
    lifecycle(`${STORAGE}/storageclasses`, (name) => ({
      metadata: { name },
      provisioner: 'e2e-fake-provisioner',
    })))

  it('VolumeAttributesClass, lifecycle; CRUD operations for VolumeAttributesClasses (1.35)', () =>
    lifecycle(`${STORAGE}/volumeattributesclasses`, (name) => ({
      metadata: { name },
      driverName: 'e2e-fake-csi-driver',
      parameters: { iops: '3000' },
    })))

  it('VolumeAttachment, lifecycle (1.30)', () =>
    lifecycle(`${STORAGE}/volumeattachments`, (name) => ({
      metadata: { name },
      spec: {
        attacher: 'e2e-test.storage.k8s.io',
        nodeName: 'node-none',
        source: { persistentVolumeName: 'pv-none' },
      },
    })))

  it('VolumeAttachment, apply changes to a volumeattachment status (1.32)', async () => {
    const path = `${STORAGE}/volumeattachments/told`
    await bench.post(`${STORAGE}/volumeattachments`, {
      metadata: { name: 'told' },
      spec: {
        attacher: 'e2e-test.storage.k8s.io',
        nodeName: 'node-none',
        source: { persistentVolumeName: 'pv-none' },
      },
    })
    expect((await bench.get(`${path}/status`)).status).toEqual({ attached: false })
    expect((await bench.patch(`${path}/status`, { status: { attached: true } })).status.attached).toBe(true)
    await bench.change(`${path}/status`, ({ status }) => {
      status.attached = false
    })
    expect((await bench.get(path)).status.attached).toBe(false)
    await bench.delete(path)
    await bench.gone(path)
  })

  it('CSIStorageCapacity API (1.24)', async () => {
    const groups = await bench.get('/apis')
    expect(groups.groups.find(({ name }: Json) => name === 'storage.k8s.io').preferredVersion.version).toBe(
      'v1',
    )
    const { resources } = await bench.get(STORAGE)
    const found = resources.find(({ name }: Json) => name === 'csistoragecapacities')
    expect(found).toMatchObject({ kind: 'CSIStorageCapacity', namespaced: true })
    const space = await bench.namespace()
    const watch = await bench.watch(`${STORAGE}/csistoragecapacities`)
    await lifecycle(`${space.in('storage.k8s.io/v1')}/csistoragecapacities`, (name) => ({
      metadata: { name },
      storageClassName: 'mock',
      capacity: '1Gi',
    }))
    await bench.advance(500)
    watch.close()
    expect([...new Set(watch.seen.map(({ type }) => type))]).toEqual(['ADDED', 'MODIFIED', 'DELETED'])
  })

  it('CSIInlineVolumes should support Pods with inline volumes (1.26)', async () => {
    const space = await bench.namespace()
    const volume = {
      name: 'inline',
      csi: { driver: 'e2e.example.com', readOnly: true, volumeAttributes: { size: '1' } },
    }
    await bench.post(`${space.core}/pods`, {
      metadata: { name: 'inline' },
      spec: { ...web(), volumes: [volume] },
    })
    const [pod] = await bench.items(`${space.core}/pods`)
    expect(pod.spec.volumes[0]).toEqual(volume)
    await bench.patch(`${space.core}/pods/inline`, { metadata: { labels: { patched: 'yes' } } })
    expect(names(await bench.items(`${space.core}/pods?labelSelector=patched=yes`))).toEqual(['inline'])
    await bench.delete(`${space.core}/pods/inline`, { gracePeriodSeconds: 0 })
    await bench.gone(`${space.core}/pods/inline`)
  })
})

describe('PersistentVolumes and their claims', () => {
  const capacity = { storage: '1Gi' }
  const volume = (name: string) => ({
    metadata: { name, labels: { suite: name } },
    spec: {
      capacity,
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: name,
      csi: { driver: 'e2e-driver', volumeHandle: `handle-${name}` },
    },
  })
  const claim = (name: string) => ({
    metadata: { name, labels: { suite: name } },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: name, resources: { requests: capacity } },
  })

  it('PersistentVolumes(Claims), lifecycle (1.29)', async () => {
    const space = await bench.namespace()
    const [pv, pvc] = ['/api/v1/persistentvolumes/living', `${space.core}/persistentvolumeclaims/living`]
    for (const round of ['first', 'second']) {
      const made = await bench.post('/api/v1/persistentvolumes', volume('living'))
      await bench.post(`${space.core}/persistentvolumeclaims`, claim('living'))
      await bench.until(pv, ({ status }) => status.phase === 'Bound')
      expect(await bench.items('/api/v1/persistentvolumes?labelSelector=suite=living')).toHaveLength(1)
      expect((await bench.get(pv)).metadata.uid).toBe(made.metadata.uid)
      for (const path of [pv, pvc])
        if (round === 'first') await bench.patch(path, { metadata: { labels: { round } } })
        else
          await bench.change(path, ({ metadata }) => {
            metadata.labels.round = round
          })
      expect(
        await bench.items(`${space.core}/persistentvolumeclaims?labelSelector=round=${round}`),
      ).toHaveLength(1)
      if (round === 'first') {
        await bench.delete(pvc)
        await bench.gone(pvc)
        await bench.delete(pv)
      } else {
        await bench.delete(`${space.core}/persistentvolumeclaims?labelSelector=round=second`)
        await bench.delete('/api/v1/persistentvolumes?labelSelector=round=second')
      }
      for (const path of [pvc, pv]) await bench.gone(path)
    }
  })

  it('PersistentVolumes(Claims), apply changes to a pv/pvc status (1.29)', async () => {
    const space = await bench.namespace()
    const [pv, pvc] = ['/api/v1/persistentvolumes/told', `${space.core}/persistentvolumeclaims/told`]
    await bench.post('/api/v1/persistentvolumes', volume('told'))
    await bench.post(`${space.core}/persistentvolumeclaims`, claim('told'))
    await bench.until(pvc, ({ status }) => status.phase === 'Bound')
    expect((await bench.get(`${pvc}/status`)).status.phase).toBe('Bound')
    expect((await bench.get(`${pv}/status`)).status.phase).toBe('Bound')
    const patch = {
      status: {
        conditions: [{ type: 'StatusPatched', status: 'True', reason: 'E2E', message: 'Set from a test' }],
      },
    }
    expect(condition(await bench.patch(`${pvc}/status`, patch, 'strategic'), 'StatusPatched').reason).toBe(
      'E2E',
    )
    expect(
      (await bench.patch(`${pv}/status`, { status: { message: 'patched', reason: 'E2E' } }, 'strategic'))
        .status,
    ).toMatchObject({ message: 'patched', reason: 'E2E' })
    await bench.change(`${pvc}/status`, ({ status }) => {
      status.conditions.push({
        type: 'StatusUpdated',
        status: 'True',
        reason: 'E2E',
        message: 'Set from a test',
      })
    })
    await bench.change(`${pv}/status`, ({ status }) => {
      status.message = 'updated'
    })
    await bench.advance(1000)
    expect(condition(await bench.get(pvc), 'StatusUpdated')).toBeDefined()
    expect((await bench.get(pv)).status).toMatchObject({ message: 'updated', phase: 'Bound' })
  })
})

describe('ConfigMaps and Secrets', () => {
  for (const [kind, name] of [
    ['configmaps', 'ConfigMap Volume, immutability (1.21)'],
    ['secrets', 'Secrets Volume, immutability (1.21)'],
  ] as const)
    it(name, async () => {
      const space = await bench.namespace()
      const path = `${space.core}/${kind}/fixed`
      await bench.post(`${space.core}/${kind}`, { metadata: { name: 'fixed' }, data: { key: base64('one') } })
      await bench.patch(path, { data: { key: base64('two') } })
      await bench.patch(path, { immutable: true })
      const refused = async (change: (object: Json) => void) => {
        const object = await bench.get(path)
        change(object)
        return (await bench.ask('PUT', path, object)).body
      }
      const data = await refused((object) => {
        object.data.key = base64('three')
      })
      expect(data).toMatchObject({ code: 422, reason: 'Invalid' })
      expect(data.message).toContain('data: Forbidden: field is immutable when `immutable` is set')
      const back = await refused((object) => {
        object.immutable = false
      })
      expect(back.message).toContain('immutable: Forbidden: field is immutable when `immutable` is set')
      await bench.patch(path, { metadata: { labels: { still: 'changes' } } })
      await bench.delete(path)
      await bench.gone(path)
    })

  const makers = {
    'ConfigMap Volume, create, update and delete; update (1.9)': [
      'configmaps',
      (name: string) => ({ configMap: { name, optional: true } }),
    ],
    'Projected Volume, ConfigMap, create, update and delete; update (1.9)': [
      'configmaps',
      (name: string) => ({ projected: { sources: [{ configMap: { name, optional: true } }] } }),
    ],
    'Secrets Volume, create, update and delete (1.9)': [
      'secrets',
      (secretName: string) => ({ secret: { secretName, optional: true } }),
    ],
    'Projected Volume, Secrets, create, update delete (1.9)': [
      'secrets',
      (name: string) => ({ projected: { sources: [{ secret: { name, optional: true } }] } }),
    ],
  } as const
  for (const [name, [kind, make]] of Object.entries(makers))
    it(name, async () => {
      const space = await bench.namespace()
      const collection = `${space.core}/${kind}`
      const data = (value: string) => ({ key: kind === 'secrets' ? base64(`${value}\n`) : `${value}\n` })
      for (const name of ['updated', 'deleted'])
        await bench.post(collection, { metadata: { name }, data: data('value-1') })
      const parts = ['created', 'updated', 'deleted']
      const containers = [
        {
          name: 'main',
          image: 'busybox:1.37',
          command: [
            'sh',
            '-c',
            'while true; do for part in created updated deleted; do cat /etc/$part/key 2>/dev/null || echo none; done | xargs; sleep 5; done',
          ],
          volumeMounts: parts.map((name) => ({ name, mountPath: `/etc/${name}` })),
        },
      ]
      await bench.post(`${space.core}/pods`, {
        metadata: { name: 'looking' },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers,
          volumes: parts.map((name) => ({ name, ...make(name) })),
        },
      })
      const log = `${space.core}/pods/looking/log?tailLines=1`
      await bench.until(log, (text) => text === 'none value-1 value-1\n')
      await bench.post(collection, { metadata: { name: 'created' }, data: data('value-1') })
      await bench.patch(`${collection}/updated`, { data: data('value-2') })
      await bench.delete(`${collection}/deleted`)
      await bench.advance(90_000)
      await bench.until(log, (text) => text === 'value-1 value-2 none\n')
    })

  it('EmptyDir Wrapper Volume, ConfigMap volumes, no race (1.13)', async () => {
    const space = await bench.namespace()
    const maps = Array.from({ length: 50 }, (_, index) => `map-${index}`)
    await Promise.all(
      maps.map((name) =>
        bench.post(`${space.core}/configmaps`, { metadata: { name }, data: { 'data-1': 'value-1' } }),
      ),
    )
    const volumes = maps.map((name) => ({ name, configMap: { name } }))
    const containers = [
      {
        name: 'web',
        image: 'nginx:1.29',
        volumeMounts: maps.map((name) => ({ name, mountPath: `/etc/${name}` })),
      },
    ]
    await bench.post(
      `${space.in('apps/v1')}/replicasets`,
      workload('ReplicaSet', 'racing', 5, { terminationGracePeriodSeconds: 1, containers, volumes }),
    )
    await bench.until(`${space.in('apps/v1')}/replicasets/racing`, ({ status }) => status.readyReplicas === 5)
  })
})

describe('what a running pod sees', () => {
  it('EmptyDir, Shared volumes between containers (1.15)', async () => {
    const space = await bench.namespace()
    const mounts = { volumeMounts: [{ name: 'shared', mountPath: '/shared' }], image: 'busybox:1.37' }
    await bench.post(`${space.core}/pods`, {
      metadata: { name: 'sharing' },
      spec: {
        restartPolicy: 'Never',
        volumes: [{ name: 'shared', emptyDir: {} }],
        containers: [
          {
            name: 'main',
            command: ['sh', '-c', 'until [ -e /shared/file ]; do sleep 1; done; cat /shared/file'],
            ...mounts,
          },
          {
            name: 'sub',
            command: ['sh', '-c', 'sleep 2; echo Hello from the busy-box sub-container > /shared/file'],
            ...mounts,
          },
        ],
      },
    })
    await bench.until(`${space.core}/pods/sharing`, ({ status }) => status.phase === 'Succeeded')
    expect(await bench.get(`${space.core}/pods/sharing/log?container=main`)).toBe(
      'Hello from the busy-box sub-container\n',
    )
  })

  for (const [title, make] of [
    [
      'DownwardAPI volume, update label; update annotations (1.9)',
      (items: object[]) => ({ downwardAPI: { items } }),
    ],
    [
      'Projected Volume, DownwardAPI, update labels; update annotation (1.9)',
      (items: object[]) => ({ projected: { sources: [{ downwardAPI: { items } }] } }),
    ],
  ] as const)
    it(title, async () => {
      const space = await bench.namespace()
      const path = `${space.core}/pods/labelled`
      const items = ['labels', 'annotations'].map((name) => ({
        path: name,
        fieldRef: { fieldPath: `metadata.${name}` },
      }))
      const containers = [
        {
          name: 'main',
          image: 'busybox:1.37',
          command: [
            'sh',
            '-c',
            'while true; do cat /etc/podinfo/labels; echo; cat /etc/podinfo/annotations; echo; sleep 5; done',
          ],
          volumeMounts: [{ name: 'podinfo', mountPath: '/etc/podinfo' }],
        },
      ]
      await bench.post(`${space.core}/pods`, {
        metadata: {
          name: 'labelled',
          labels: { key1: 'value1', key2: 'value2' },
          annotations: { builder: 'bar' },
        },
        spec: {
          containers,
          terminationGracePeriodSeconds: 1,
          volumes: [{ name: 'podinfo', ...make(items) }],
        },
      })
      await bench.until(
        `${path}/log?tailLines=3`,
        (text) => text === 'key1="value1"\nkey2="value2"\nbuilder="bar"\n',
      )
      await bench.patch(path, { metadata: { labels: { key3: 'value3' }, annotations: { builder: 'foo' } } })
      await bench.until(
        `${path}/log?tailLines=4`,
        (text) => text === 'key1="value1"\nkey2="value2"\nkey3="value3"\nbuilder="foo"\n',
        180_000,
      )
    })
})
