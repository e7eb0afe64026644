import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { simulatedTarget } from '#checks/target.ts'
import { TargetClients } from '#checks/target-clients.ts'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { createCluster, useCluster } from '../support/cluster.ts'
import { LabShell } from '../support/lab-shell.ts'
import { type Desk, transcript } from './transcript.ts'

let directory: string
let cloud: OwnedCloud
let shell: LabShell
let desk: Desk

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-system-'))
  cloud = await startCloud({ directory })
  const world = await cloud.createWorld({ provisioning: 'instant' })
  await cloud.setSpeed(world.id, 10)
  const clients = new TargetClients(simulatedTarget(world))
  await createCluster(clients, 'lab', 2)
  shell = await LabShell.open(world, 'bundled')
  desk = { folder: shell.home, env: shell.environment }
  await useCluster(shell, clients, 'lab')
  clients.close()
  await shell.write('corefile.sh', COREFILE)
  await shell.ok('kubectl create deployment web --image=nginx && kubectl expose deployment web --port=80')
  await shell.ok('kubectl run client --image=busybox --restart=Never -- sleep 1d')
  await shell.ok('kubectl wait --for=condition=Ready pod/client --timeout=120s')
  await shell.ok('kubectl rollout status deployment web --timeout=120s')
  await shell.ok('kubectl rollout status deployment coredns -n kube-system --timeout=120s')
})
afterAll(async () => {
  await shell.close()
  await cloud.stop()
  await rm(directory, { recursive: true })
})

/** Puts lines into the Corefile in place of the one with `errors`, and starts CoreDNS anew: `sh corefile.sh 'errors\n log'`. */
const COREFILE = `
kubectl get configmap coredns -n kube-system -o jsonpath='{.data.Corefile}' > Corefile.now
[ -f Corefile ] || cp Corefile.now Corefile
sed "s/^    errors/    $1/" Corefile > Corefile.new
kubectl create configmap coredns -n kube-system --from-file=Corefile=Corefile.new --dry-run=client -o yaml | kubectl replace -f - >/dev/null
kubectl patch deployment coredns -n kube-system >/dev/null -p '{"spec": {"template": {"metadata": {"annotations": {"corefile": "'$(sha256sum < Corefile.new | cut -c1-8)'"}}}}}'
`
const poll = { timeout: 60_000, interval: 250 }
const output = (command: string) => async () => {
  const { stdout, stderr } = await shell.run(command)
  return stdout + stderr
}
const rolledOut = () => shell.ok('kubectl rollout status deployment coredns -n kube-system --timeout=120s')
const LOGS = 'kubectl logs -n kube-system -l k8s-app=kube-dns --tail=-1'

// Source: kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution and dns-custom-nameservers; coredns.io/plugins (log, ready,
// reload, loop); what nslookup prints without an answer: coredns/coredns issue 3099.
describe('CoreDNS of an EKS cluster', () => {
  it('answers pods with the names of Services', () =>
    transcript(
      desk,
      `
      $ kubectl exec client -- nslookup web.default.svc.cluster.local
      Server:		10.100.0.10
      Address:	10.100.0.10:53

      Name:	web.default.svc.cluster.local
      Address: 10.100.…

      $ kubectl exec client -- nc -zv -w 2 kube-dns.kube-system 53
      kube-dns.kube-system (10.100.0.10:53) open
      $ kubectl exec client -- nslookup sts.us-east-1.amazonaws.com 8.8.8.8
      Server:		8.8.8.8
      Address:	8.8.8.8:53

      Name:	sts.us-east-1.amazonaws.com
      Address: …

      $ kubectl get endpointslices -n kube-system -l kubernetes.io/service-name=kube-dns -o jsonpath='{.items[0].endpoints[*].conditions.ready}'
      true true
      `,
    ))

  it('leaves them without names while it has no pods', async () => {
    await shell.ok('kubectl scale deployment coredns -n kube-system --replicas=0')
    await shell.ok('kubectl wait --for=delete pod -n kube-system -l k8s-app=kube-dns --timeout=60s')
    await transcript(
      desk,
      `
      $ kubectl exec client -- nslookup web.default.svc.cluster.local
      nslookup: read: Connection refused
      nslookup: read: Connection refused
      ;; connection timed out; no servers could be reached

      command terminated with exit code 1
      [exit 1]
      $ kubectl exec client -- wget -qO- http://web
      wget: bad address 'web'
      command terminated with exit code 1
      [exit 1]
      `,
    )
    await shell.ok('kubectl scale deployment coredns -n kube-system --replicas=2')
    await rolledOut()
    expect(await shell.ok('kubectl exec client -- wget -qO- http://web')).toContain('Welcome to nginx')
  })

  it('logs what it is asked, and takes names from its Corefile', async () => {
    await shell.ok(
      "sh corefile.sh 'errors\\n    log\\n    hosts {\\n      10.1.2.3 db.corp\\n      fallthrough\\n    }'",
    )
    await rolledOut()
    expect(await shell.ok('kubectl exec client -- nslookup db.corp')).toContain('Address: 10.1.2.3')
    await expect
      .poll(output(LOGS), poll)
      .toMatch(/\[INFO\] [\d.]+:\d+ - \d+ "A IN db\.corp\. udp \d+ false 512" NOERROR qr,aa,rd \d+ 0\.\d+s/)
  })

  it('does not start with a directive that it does not know, and serves on with the pods that run', async () => {
    await shell.ok("sh corefile.sh 'erors'")
    const crashed = output('kubectl get pods -n kube-system -l k8s-app=kube-dns')
    await expect.poll(crashed, poll).toMatch(/CrashLoopBackOff|Error/)
    await expect
      .poll(output(LOGS), poll)
      .toContain("/etc/coredns/Corefile:2 - Error during parsing: Unknown directive 'erors'\n")
    expect(await shell.ok('kubectl exec client -- wget -qO- http://web')).toContain('Welcome to nginx')
    await shell.ok("sh corefile.sh 'errors'")
    await rolledOut()
  })

  it('is not ready without the right to read Services', async () => {
    await shell.ok('kubectl delete clusterrolebinding system:coredns')
    await shell.ok('kubectl delete pod -n kube-system -l k8s-app=kube-dns --wait=false')
    await expect
      .poll(output(LOGS), poll)
      .toContain(
        'failed to list *v1.Service: services is forbidden: User "system:serviceaccount:kube-system:coredns" cannot list resource "services" in API group "" at the cluster scope',
      )
    await expect.poll(output(LOGS), poll).toContain('starting server with unsynced Kubernetes API')
    expect(await shell.ok('kubectl get pods -n kube-system -l k8s-app=kube-dns')).toContain('0/1')
    await shell.ok(
      'kubectl create clusterrolebinding system:coredns --clusterrole=system:coredns --serviceaccount=kube-system:coredns',
    )
    await rolledOut()
  })
})

// Source: kubernetes.io/docs/reference/networking/virtual-ips: kube-proxy writes the rules, the kernel obeys them.
describe('kube-proxy of an EKS cluster', () => {
  it('keeps rules when it goes, and a node without it learns of no new Service', async () => {
    await shell.ok('kubectl delete daemonset kube-proxy -n kube-system')
    await shell.ok('kubectl wait --for=delete pod -n kube-system -l k8s-app=kube-proxy --timeout=60s')
    expect(await shell.ok('kubectl exec client -- wget -qO- -T 2 http://web')).toContain('Welcome to nginx')
    await shell.ok('kubectl expose deployment web --name=late --port=80')
    await expect
      .poll(output('kubectl exec client -- wget -qO- -T 2 http://late'), poll)
      .toContain('wget: download timed out')
  })
})
