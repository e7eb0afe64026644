import { afterAll, beforeAll, expect, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'

/** The pod of https://kubernetes.io/docs/tasks/configure-pod-container/security-context/, and one with its container's own user. */
const PODS = `
apiVersion: v1
kind: Pod
metadata: {name: demo}
spec:
  securityContext: {runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000, supplementalGroups: [4000]}
  volumes: [{name: vol, emptyDir: {}}, {name: key, secret: {secretName: key, defaultMode: 0400}}]
  containers:
  - name: demo
    image: busybox:1.28
    command: [sh, -c, sleep 1h]
    volumeMounts: [{name: vol, mountPath: /data/demo}, {name: key, mountPath: /key}]
  - name: other
    image: busybox:1.28
    command: [sh, -c, sleep 1h]
    securityContext: {runAsUser: 2001}
    volumeMounts: [{name: vol, mountPath: /data/demo}]
`

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster()
  await cluster.kubectl('wait --for=condition=Ready node --all --timeout=30s')
  await cluster.kubectl('create secret generic key --from-literal=key=secret')
  await cluster.kubectl('apply -f -', PODS)
  await cluster.kubectl('wait --for=condition=Ready pod/demo --timeout=40s')
})
afterAll(() => cluster.close())

it('runs as the user and groups of the security context, which decide what it may write', async () => {
  const inside = async (container: string, line: string) => {
    const { stdout, stderr } = await cluster.run(['exec', 'demo', '-c', container, '--', 'sh', '-c', line])
    return stdout + stderr
  }
  expect(await inside('demo', 'id')).toContain('uid=1000 gid=3000 groups=3000,2000,4000')
  expect(await inside('other', 'id')).toContain('uid=2001 gid=3000 groups=3000,2000,4000')
  expect(await inside('demo', 'ps | grep "sleep 1h" | head -1')).toMatch(/^ *1 1000 /)
  expect(await inside('demo', 'echo hello > /data/demo/file; ls -ln /data/demo')).toMatch(
    / 1000 +2000 .* file$/m,
  )
  expect(await inside('demo', 'cat /key/key')).toContain('secret')
  expect(await inside('demo', 'echo no > /file')).toContain("sh: can't create /file: Permission denied")
  expect(await inside('other', 'echo shared >> /data/demo/file; rm /data/demo/file; ls /data/demo')).toBe('')
})
