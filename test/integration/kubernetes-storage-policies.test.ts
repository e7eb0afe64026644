import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eksAddon } from '#kubernetes/eks-addons.ts'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'
import { transcript } from './transcript.ts'

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster()
  await cluster.kubectl('wait --for=condition=Ready node --all --timeout=30s')
})
afterAll(() => cluster.close())

const kubectl = (command: string, input?: string) => cluster.kubectl(command, input)

const STORAGE = `
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec:
  capacity: {storage: 2Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: manual
  nfs: {server: files.test, path: /exports}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: manual
  resources: {requests: {storage: 1Gi}}
`
const shell = (name: string, script: string, restartPolicy = 'Never') => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  restartPolicy: ${restartPolicy}
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
  containers:
  - {name: main, image: busybox, command: [sh, -c, '${script}'], volumeMounts: [{name: data, mountPath: /data}]}
`

describe('a volume', () => {
  it('is bound, shown, and keeps what a pod wrote for the next one', async () => {
    await kubectl('apply -f -', STORAGE)
    await kubectl('wait pvc/data --for=jsonpath={.status.phase}=Bound --timeout=20s')
    expect(await kubectl('get pvc')).toMatch(
      /^NAME +STATUS +VOLUME +CAPACITY +ACCESS MODES +STORAGECLASS +VOLUMEATTRIBUTESCLASS +AGE\ndata +Bound +disk +2Gi +RWO +manual +<unset> +/,
    )
    expect(await kubectl('get pv')).toMatch(
      /\ndisk +2Gi +RWO +Retain +Bound +default\/data +manual +<unset> +/,
    )
    await kubectl('apply -f -', shell('writer', 'mkdir -p /data/a && echo kept > /data/a/file'))
    await kubectl(`wait pod/writer --for=jsonpath={.status.phase}=Succeeded --timeout=20s`)
    await kubectl('delete pod writer --now')
    await kubectl('apply -f -', shell('reader', 'ls /data; cat /data/a/file'))
    await kubectl(`wait pod/reader --for=jsonpath={.status.phase}=Succeeded --timeout=20s`)
    expect(await kubectl('logs reader')).toBe('a\nkept\n')
    expect(await kubectl('describe pvc data')).toMatch(/Used By: +reader/)
    await kubectl('delete pod reader --now')
    await kubectl('delete pvc data')
    expect(await kubectl('get pv disk')).toMatch(/\ndisk +2Gi +RWO +Retain +Released +default\/data/)
  })
})

describe('a network policy', () => {
  it('lets what it does not allow time out', async () => {
    await kubectl('run web --image=nginx:1.29 --labels=app=web --expose --port=80')
    await kubectl('run client --image=busybox --labels=app=client -- sleep 3600')
    await kubectl('wait --for=condition=Ready pod/web pod/client --timeout=40s')
    const ask = () => cluster.run(['exec', 'client', '--', 'wget', '-q', '-T', '1', '-O-', 'http://web'])
    expect((await ask()).stdout).toContain('Welcome to nginx!')
    await kubectl(
      'apply -f -',
      `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{from: [{podSelector: {matchLabels: {role: friend}}}]}]
`,
    )
    const refused = await ask()
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain('wget: download timed out\n')
    await kubectl('label pod client role=friend')
    expect((await ask()).stdout).toContain('Welcome to nginx!')
    expect(await kubectl('get netpol web')).toMatch(/^NAME +POD-SELECTOR +AGE\nweb +app=web +/)
  })
})

describe('priority', () => {
  it('makes room for what is more important', async () => {
    await kubectl('create priorityclass high --value=1000')
    const pod = (name: string, priority: string) => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  ${priority}
  nodeSelector: {kubernetes.io/hostname: node-2}
  containers: [{name: main, image: nginx:1.29, resources: {requests: {cpu: 3}}}]
`
    await kubectl('apply -f -', pod('low', ''))
    await kubectl('wait --for=condition=Ready pod/low --timeout=40s')
    await kubectl('apply -f -', pod('urgent', 'priorityClassName: high'))
    await kubectl('wait --for=condition=Ready pod/urgent --timeout=50s')
    expect((await cluster.run(['get', 'pod', 'low'])).stderr).toBe(
      'Error from server (NotFound): pods "low" not found\n',
    )
    expect(await kubectl('get events --field-selector reason=Preempted')).toMatch(
      /Normal +Preempted +pod\/low +Preempted by pod [0-9a-f-]{36} on node node-2/,
    )
  })
})

const GROWING = `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fixed}
provisioner: ebs.csi.aws.com
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: gp3}
provisioner: ebs.csi.aws.com
allowVolumeExpansion: true
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: fixed}
spec: {accessModes: [ReadWriteOnce], storageClassName: fixed, resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: growing}
spec: {accessModes: [ReadWriteOnce], storageClassName: gp3, resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: user}
spec:
  schedulingGates: [{name: example.com/later}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: growing}}]
  containers: [{name: main, image: busybox, command: [sleep, '1000'], volumeMounts: [{name: data, mountPath: /data}]}]
`

// Source: kubernetes.io/docs/concepts/storage/persistent-volumes (expanding), plugin/pkg/admission/storage/persistentvolume/resize,
// kubernetes-csi/external-resizer.
describe('a provisioned volume', () => {
  it('grows with its claim where its class allows, and its file system when a pod mounts it', async () => {
    const options = { version: 'v1.53.0-eksbuild.1', dnsAddress: '10.100.0.10' }
    const registry = '602401143452.dkr.ecr.us-east-1.amazonaws.com'
    for (const { resource, object } of eksAddon('aws-ebs-csi-driver', { ...options, registry })) {
      cluster.cluster.client.create(resource, object)
    }
    await kubectl('apply -f -', GROWING)
    await transcript(
      cluster,
      `
      $ kubectl wait pvc/fixed pvc/growing --for=jsonpath='{.status.phase}'=Bound --timeout=40s
      …
      $ kubectl patch pvc fixed -p '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}'
      Error from server (Forbidden): persistentvolumeclaims "fixed" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize
      [exit 1]
      $ kubectl patch pvc growing -p '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}'
      persistentvolumeclaim/growing patched
      $ kubectl wait pvc/growing --for=condition=FileSystemResizePending --timeout=20s
      persistentvolumeclaim/growing condition met
      $ kubectl get pvc growing
      NAME      STATUS   VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   VOLUMEATTRIBUTESCLASS   AGE
      growing   Bound    pvc-…    1Gi        RWO            gp3            <unset>                 …
      $ kubectl patch pod user --type=json -p '[{"op":"remove","path":"/spec/schedulingGates/0"}]'
      pod/user patched
      $ kubectl wait pvc/growing --for=jsonpath='{.status.capacity.storage}'=2Gi --timeout=30s
      persistentvolumeclaim/growing condition met
      $ kubectl get events --field-selector involvedObject.name=user,reason=FileSystemResizeSuccessful
      LAST SEEN   TYPE     REASON                       OBJECT     MESSAGE
      …           Normal   FileSystemResizeSuccessful   pod/user   MountVolume.NodeExpandVolume succeeded for volume "pvc-…" node-…
      $ kubectl patch pvc growing -p '{"spec":{"resources":{"requests":{"storage":"1Gi"}}}}'
      The PersistentVolumeClaim "growing" is invalid: spec.resources.requests.storage: Forbidden: field can not be less than status.capacity
      [exit 1]
      `,
    )
  })
})
