import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'

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
