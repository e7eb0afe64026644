import { afterEach, describe, expect, it } from 'vitest'
import { wholeOf } from '#containers/files/pieces.ts'
import { GP2_CLASS } from '#kubernetes/addons/ebs-csi-driver.ts'
import { eksAddon } from '#kubernetes/eks-addons.ts'
import type { PersistentVolume, PersistentVolumeClaim, StatefulSet } from '#kubernetes/objects.ts'
import { isReady, podCondition } from '#kubernetes/pods.ts'
import { VolumeStore } from '#kubernetes/volumes/files.ts'
import { pod, type TestCluster, testCluster } from './test-cluster.ts'

let cluster: TestCluster
afterEach(() => cluster.close())

const CLAIMS = 'persistentvolumeclaims'
const options = { version: 'v1.53.0-eksbuild.1', registry: 'registry.test', dnsAddress: '10.100.0.10' }

const installDriver = () => {
  for (const { resource, object } of eksAddon('aws-ebs-csi-driver', options))
    cluster.api.create(resource, object)
}
const createClass = () => cluster.api.create(GP2_CLASS.resource, GP2_CLASS.object)
const createClaim = (name: string, spec: object = {}) =>
  cluster.api.create<PersistentVolumeClaim>(CLAIMS, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'gp2',
      resources: { requests: { storage: '4Gi' } },
      ...spec,
    },
  } as unknown as PersistentVolumeClaim)
const createVolume = (name: string, storage: string, spec: object = {}) =>
  cluster.api.create<PersistentVolume>('persistentvolumes', {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'manual',
      hostPath: { path: `/mnt/${name}` },
      ...spec,
    },
  } as unknown as PersistentVolume)
const claim = (name: string) => cluster.api.get<PersistentVolumeClaim>(CLAIMS, 'default', name)
const volume = (name: string) => cluster.api.get<PersistentVolume>('persistentvolumes', '', name)
const mounting = (name: string, claimName: string, spec: object = {}) =>
  pod(
    name,
    { volumeMounts: [{ name: 'data', mountPath: '/data' }] },
    { volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }], ...spec },
  )
/** The files that the latest container of a pod sees at /data. */
const files = (name: string) =>
  cluster.runtime.specs
    .filter(({ hostname }) => hostname === name)
    .at(-1)!
    .mounts!.find(({ path }) => path === '/data')!.files
const text = (name: string, path: string) =>
  Buffer.from(wholeOf(files(name).get(path)?.content ?? Buffer.alloc(0))).toString()
const refusal = (name: string) => podCondition(cluster.pod(name), 'PodScheduled')?.message

describe('a claim', () => {
  it('gets the smallest volume that does, and gives it back by its policy', async () => {
    cluster = await testCluster()
    createVolume('small', '1Gi')
    createVolume('large', '20Gi')
    createVolume('fits', '5Gi')
    await cluster.world.advance(0)
    expect(volume('fits')!.status).toMatchObject({ phase: 'Available' })
    createClaim('data', { storageClassName: 'manual' })
    await cluster.until('bound', () => claim('data')!.status?.phase === 'Bound')
    expect(claim('data')).toMatchObject({
      metadata: {
        finalizers: ['kubernetes.io/pvc-protection'],
        annotations: {
          'pv.kubernetes.io/bind-completed': 'yes',
          'pv.kubernetes.io/bound-by-controller': 'yes',
        },
      },
      spec: { volumeName: 'fits' },
      status: { capacity: { storage: '5Gi' }, accessModes: ['ReadWriteOnce'] },
    })
    expect(volume('fits')!.status).toMatchObject({ phase: 'Bound' })
    cluster.api.delete(CLAIMS, 'default', 'data')
    await cluster.until('released', () => volume('fits')!.status?.phase === 'Released')
    expect(claim('data')).toBeUndefined()
  })

  it('says why it waits', async () => {
    cluster = await testCluster()
    createClass()
    createClaim('none', { storageClassName: '' })
    createClaim('missing', { storageClassName: 'fast' })
    createClaim('later')
    await cluster.world.advance(0)
    expect(cluster.events('none')).toEqual([
      'FailedBinding: no persistent volumes available for this claim and no storage class is set',
    ])
    expect(cluster.events('missing')).toEqual([
      'ProvisioningFailed: storageclass.storage.k8s.io "fast" not found',
    ])
    expect(cluster.events('later')).toEqual([
      'WaitForFirstConsumer: waiting for first consumer to be created before binding',
    ])
  })

  it('stays while a pod uses it', async () => {
    cluster = await testCluster()
    createVolume('disk', '5Gi')
    createClaim('data', { storageClassName: 'manual' })
    cluster.api.create('pods', mounting('a', 'data'))
    await cluster.until('up', () => isReady(cluster.pod('a')))
    cluster.api.delete(CLAIMS, 'default', 'data')
    await cluster.world.advance(5000)
    expect(claim('data')!.metadata.deletionTimestamp).toBeDefined()
    cluster.api.delete('pods', 'default', 'a')
    await cluster.until('gone', () => !claim('data'))
  })
})

describe('the EBS CSI driver', () => {
  it('makes a volume in the zone of the first pod that needs it', async () => {
    cluster = await testCluster({ nodes: 0 })
    cluster.addNode('a', { zone: 'us-east-1a', address: '192.168.0.1', cpu: '1' })
    cluster.addNode('b', { zone: 'us-east-1b', address: '192.168.0.2' })
    createClass()
    createClaim('data')
    await cluster.world.advance(5000)
    cluster.api.create('pods', mounting('web', 'data', { nodeSelector: { 'kubernetes.io/hostname': 'b' } }))
    await cluster.world.advance(30_000)
    expect(cluster.pod('web').spec.nodeName).toBeUndefined()
    expect(cluster.events('data').at(-1)).toBe(
      "ExternalProvisioning: Waiting for a volume to be created either by the external provisioner 'ebs.csi.aws.com' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
    )
    installDriver()
    await cluster.until('up', () => isReady(cluster.pod('web')))
    const name = `pvc-${claim('data')!.metadata.uid}`
    expect(claim('data')!.spec.volumeName).toBe(name)
    expect(volume(name)!.spec).toMatchObject({
      csi: {
        driver: 'ebs.csi.aws.com',
        fsType: 'ext4',
        volumeHandle: expect.stringMatching(/^vol-0[0-9a-f]{16}$/),
      },
      persistentVolumeReclaimPolicy: 'Delete',
      capacity: { storage: '4Gi' },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            {
              matchExpressions: [
                { key: 'topology.kubernetes.io/zone', operator: 'In', values: ['us-east-1b'] },
              ],
            },
          ],
        },
      },
    })
    expect(cluster.events('data')).toContain(`ProvisioningSucceeded: Successfully provisioned volume ${name}`)
    expect(cluster.events('web')).toContain(
      `SuccessfulAttachVolume: AttachVolume.Attach succeeded for volume "${name}" `,
    )
    cluster.api.create('pods', mounting('far', 'data', { nodeSelector: { 'kubernetes.io/hostname': 'a' } }))
    await cluster.until('refused', () => refusal('far'))
    expect(refusal('far')).toMatch(
      /^0\/2 nodes are available: 1 node\(s\) didn't match PersistentVolume's node affinity, 1 node\(s\) didn't match Pod's node affinity\/selector\./,
    )
    cluster.api.delete('pods', 'default', 'far')
    cluster.api.delete('pods', 'default', 'web')
    cluster.api.delete(CLAIMS, 'default', 'data')
    await cluster.until('deleted with its claim', () => !volume(name))
  })

  it('holds a volume to one node at a time', async () => {
    cluster = await testCluster()
    createClass()
    installDriver()
    createClaim('data')
    cluster.api.create('pods', mounting('a', 'data'))
    await cluster.until('up', () => isReady(cluster.pod('a')))
    const other = cluster.pod('a').spec.nodeName === 'node-1' ? 'node-2' : 'node-1'
    cluster.api.create('pods', mounting('b', 'data', { nodeSelector: { 'kubernetes.io/hostname': other } }))
    const name = claim('data')!.spec.volumeName
    const why = `FailedAttachVolume: Multi-Attach error for volume "${name}" Volume is already used by pod(s) a`
    await cluster.until('refused', () => cluster.events('b').includes(why))
    cluster.api.delete('pods', 'default', 'a')
    await cluster.until('moved', () => isReady(cluster.pod('b')))
  })
})

describe('the data of a volume', () => {
  it('survives the pod and a restart of everything', async () => {
    cluster = await testCluster()
    createVolume('disk', '5Gi', { nfs: { server: 'files.test', path: '/a' }, hostPath: undefined })
    createClaim('data', { storageClassName: 'manual' })
    cluster.api.create('pods', mounting('a', 'data'))
    await cluster.until('up', () => isReady(cluster.pod('a')))
    files('a').set('notes/one.txt', { content: Buffer.from('first'), mode: 0o600 })
    cluster.api.delete('pods', 'default', 'a')
    await cluster.until('gone', () => !cluster.pod('a'))
    cluster.api.create('pods', mounting('b', 'data'))
    await cluster.until('up', () => isReady(cluster.pod('b')))
    expect(text('b', 'notes/one.txt')).toBe('first')
    await cluster.world.advance(1000)
    const { store, clock } = cluster.world
    const now = clock.now()
    cluster.close()
    cluster = await testCluster({ store, now })
    await cluster.until('up again', () => isReady(cluster.pod('b')))
    expect(text('b', 'notes/one.txt')).toBe('first')
    expect(files('b').get('notes/one.txt')!.mode).toBe(0o600)
  })

  it('stays with the pod of a stateful set, each its own', async () => {
    cluster = await testCluster()
    createClass()
    installDriver()
    const labels = { app: 'db' }
    cluster.api.create('statefulsets.apps', {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db', namespace: 'default' },
      spec: {
        replicas: 2,
        serviceName: 'db',
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [{ name: 'db', image: 'db:1', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: {
              accessModes: ['ReadWriteOnce'],
              storageClassName: 'gp2',
              resources: { requests: { storage: '1Gi' } },
            },
          },
        ],
      },
    } as unknown as StatefulSet)
    const up = (name: string) => cluster.pod(name) && isReady(cluster.pod(name))
    await cluster.until('both up', () => up('db-0') && up('db-1'))
    expect(claim('data-db-1')!.status?.phase).toBe('Bound')
    for (const name of ['db-0', 'db-1']) files(name).set('id', { content: Buffer.from(name) })
    const { uid } = cluster.pod('db-1').metadata
    cluster.api.delete('pods', 'default', 'db-1')
    await cluster.until('replaced', () => up('db-1') && cluster.pod('db-1').metadata.uid !== uid)
    expect(text('db-1', 'id')).toBe('db-1')
  })
})

describe('the scheduler', () => {
  it('waits for claims that are not there, or not bound', async () => {
    cluster = await testCluster()
    cluster.api.create('pods', mounting('a', 'data'))
    await cluster.until('refused', () => refusal('a'))
    expect(refusal('a')).toMatch(/^0\/2 nodes are available: persistentvolumeclaim "data" not found\. /)
    createClaim('data', { storageClassName: 'manual' })
    await cluster.until('refused again', () => refusal('a')?.includes('unbound'))
    expect(refusal('a')).toMatch(
      /^0\/2 nodes are available: pod has unbound immediate PersistentVolumeClaims\. .*2 Preemption is not helpful/,
    )
    createVolume('disk', '5Gi')
    await cluster.until('up', () => isReady(cluster.pod('a')))
  })
})

// Source: pkg/volume/hostpath (checkTypeInternal), pkg/volume/local; kubernetes.io/docs/concepts/storage/volumes#hostpath-volume-types.
describe('a path of the node', () => {
  const on = (name: string, path: string, type?: string) =>
    cluster.api.create(
      'pods',
      pod(
        name,
        { volumeMounts: [{ name: 'data', mountPath: '/data' }] },
        { volumes: [{ name: 'data', hostPath: { path, ...(type && { type }) } }] },
      ),
    )
  const folder = (name: string) =>
    cluster.runtime.specs
      .filter(({ hostname }) => hostname === name)
      .at(-1)!
      .mounts!.find(({ path }) => path === '/data')!.folder!

  it.each([
    ['Directory', '/srv/data', '/srv/data is not a directory'],
    ['DirectoryOrCreate', '/etc/hostname', '/etc/hostname is not a directory'],
    ['File', '/var/log', '/var/log is not a file'],
    ['Socket', '/var/run/docker.sock', '/var/run/docker.sock is not a socket file'],
    ['CharDevice', '/dev/nothing', '/dev/nothing is not a character device'],
    ['BlockDevice', '/dev/null', '/dev/null is not a block device'],
  ])('must be of the type %s', async (type, path, trouble) => {
    cluster = await testCluster({ nodes: 1 })
    on('bad', path, type)
    await cluster.until('trouble', () =>
      cluster
        .events('bad')
        .join()
        .includes(`MountVolume.SetUp failed for volume "data" : hostPath type check failed: ${trouble}`),
    )
  })

  it('is shared by the pods of a node, and kept when the world is opened again', async () => {
    cluster = await testCluster({ nodes: 1 })
    on('a', '/srv/site', 'DirectoryOrCreate')
    on('b', '/srv')
    on('sock', '/run/containerd/containerd.sock', 'Socket')
    await cluster.until('running', () => ['a', 'b', 'sock'].every((name) => isReady(cluster.pod(name))))
    folder('a').write('index.html', Buffer.from('hello'))
    const srv = folder('b').node()!
    expect(srv).toMatchObject({ kind: 'directory' })
    const site = srv.kind === 'directory' && srv.children.get('site')
    expect(site && site.kind === 'directory' && [...site.children.keys()]).toEqual(['index.html'])
    await cluster.world.advance(1000)
    const [stored] = cluster.world.store.list('volume-data/').entries
    const again = new VolumeStore(cluster.world, stored!.key.split('/')[1]!)
    const kept = await again.hostOf(cluster.pod('a').spec.nodeName!).read('/srv/site/index.html')
    expect(Buffer.from(kept).toString()).toBe('hello')
  })

  it('of a local volume must be there', async () => {
    cluster = await testCluster({ nodes: 1 })
    createVolume('disk', '5Gi', {
      hostPath: undefined,
      local: { path: '/mnt/disks/ssd1' },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'kubernetes.io/os', operator: 'In', values: ['linux'] }] },
          ],
        },
      },
    })
    createClaim('fast', { storageClassName: 'manual' })
    cluster.api.create('pods', mounting('reader', 'fast'))
    await cluster.until('trouble', () =>
      cluster
        .events('reader')
        .join()
        .includes(
          'MountVolume.NewMounter initialization failed for volume "disk" : path "/mnt/disks/ssd1" does not exist',
        ),
    )
  })
})
