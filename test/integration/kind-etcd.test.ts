import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { LabShell } from '../support/lab-shell.ts'

// etcd as an administrator meets it: etcdctl in its pod, a cluster of three members that loses some, a snapshot that is restored.
// Sources: kubernetes.io/docs/tasks/administer-cluster/configure-upgrade-etcd, etcd.io/docs/v3.6/op-guide, pkg/cluster/internal/loadbalancer of kind.

const NODES = `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes: [{role: control-plane}, {role: control-plane}, {role: control-plane}]
`
const SPEED = 10
const KEYS =
  '--cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key'

let directory: string
let cloud: OwnedCloud
let shell: LabShell
const poll = { timeout: 40_000, interval: 200 }
const inEtcd = (command: string, node = 'kind-control-plane') =>
  `kubectl -n kube-system exec etcd-${node} -- ${command}`
const etcdctl = (command: string, node?: string) => inEtcd(`etcdctl ${KEYS} ${command}`, node)
const output = async (script: string) => {
  const { stdout, stderr } = await shell.run(script)
  return `${stdout}\n${stderr}`
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-etcd-'))
  cloud = await startCloud({ directory })
  const world = await cloud.createWorld({ provisioning: 'instant', speed: SPEED })
  shell = await LabShell.open(world, 'bundled')
  await shell.write('three.yaml', NODES)
}, 60_000)
afterAll(async () => {
  await shell.close()
  await cloud.stop()
  await rm(directory, { recursive: true })
})

describe('three control planes', { timeout: 90_000 }, () => {
  it('stand behind a load balancer', async () => {
    const { stderr } = await shell.run('kind create cluster --config three.yaml --wait 60s')
    expect(stderr).toContain('✓ Configuring the external load balancer ⚖️')
    expect(stderr).toContain('✓ Joining more control-plane nodes 🎮')
    expect(await shell.ok('kind get nodes')).toBe(
      'kind-control-plane\nkind-control-plane2\nkind-control-plane3\nkind-external-load-balancer',
    )
    expect(await shell.ok('kind get kubeconfig')).toContain(
      'server: https://kind-external-load-balancer:6443',
    )
    expect(await shell.ok("kubectl get nodes --no-headers | awk '{print $1, $2, $3}'")).toBe(
      'kind-control-plane Ready control-plane\nkind-control-plane2 Ready control-plane\nkind-control-plane3 Ready control-plane',
    )
    await expect
      .poll(
        () => output(`kubectl get endpointslice kubernetes -o jsonpath='{.endpoints[*].addresses[0]}'`),
        poll,
      )
      .toMatch(/^(172\.\S+ ?){3}\n/)
  })

  it('are members of one etcd, which answers to its own clients only', async () => {
    expect(await shell.fails(inEtcd('etcdctl member list'))).toContain('Error: context deadline exceeded')
    const list = await shell.ok(etcdctl('member list -w table'))
    expect(list).toMatch(/\| +ID +\| +STATUS +\| +NAME +\| +PEER ADDRS +\| +CLIENT ADDRS +\| +IS LEARNER +\|/)
    expect(list.match(/\| started \| kind-control-plane\d? +\| https:\/\/172\.\S+:2380 \|/g)).toHaveLength(3)
    expect(
      (await shell.ok(etcdctl('endpoint health --cluster'))).match(/is healthy: successfully committed/g),
    ).toHaveLength(3)
    const status = JSON.parse(await shell.ok(etcdctl('endpoint status --cluster -w json')))
    expect(new Set(status.map(({ Status }: { Status: { leader: number } }) => Status.leader)).size).toBe(1)
    expect(
      await shell.ok(`kubectl -n kube-system exec etcd-kind-control-plane -- etcdctl version`),
    ).toContain('etcdctl version: 3.6')
  })

  it('keep the objects of Kubernetes under /registry', async () => {
    await shell.ok('kubectl create secret generic key --from-literal=a=b')
    expect(await shell.ok(etcdctl('get /registry/secrets/default --prefix --keys-only'))).toBe(
      '/registry/secrets/default/key',
    )
    expect(await shell.ok(etcdctl('get /registry/minions --prefix --keys-only'))).toContain(
      '/registry/minions/kind-control-plane2',
    )
    expect(await shell.ok(etcdctl('get /registry --prefix --keys-only'))).toMatch(
      /^\/registry\/services\/specs\/default\/kubernetes$/m,
    )
    expect(await shell.ok(etcdctl('put foo bar'))).toBe('OK')
    expect(await shell.ok(etcdctl('get foo'))).toBe('foo\nbar')
    const { header, kvs } = JSON.parse(await shell.ok(etcdctl('get foo -w json')))
    expect(kvs[0]).toMatchObject({ key: 'Zm9v', version: 1, value: 'YmFy' })
    // All 64 bits of an id, which JavaScript's own numbers would round.
    const [, id = ''] = /"member_id":(\d+)/.exec(await shell.ok(etcdctl('get foo -w json')))!
    expect(await shell.ok(etcdctl('member list'))).toContain(BigInt(id).toString(16))
    await shell.ok(etcdctl('put foo baz'))
    expect(await shell.ok(etcdctl(`get foo --rev=${header.revision}`))).toBe('foo\nbar')
    expect(await shell.fails(etcdctl('get foo --rev=999999999'))).toContain(
      'required revision is a future revision',
    )
    expect(await shell.fails(etcdctl('get foo --rev=last'))).toContain(
      'Error: invalid argument "last" for "--rev" flag: strconv.ParseInt: parsing "last": invalid syntax',
    )
    expect(await shell.fails(etcdctl('toString'))).toContain('unknown command "toString" for "etcdctl"')
    expect(await shell.ok(etcdctl('get f g --hex'))).toBe('\\x66\\x6f\\x6f\n\\x62\\x61\\x7a')
    const hash = async () => /, (\d+), \d+$/.exec(await shell.ok(etcdctl('endpoint hashkv')))![1]
    await shell.ok(etcdctl('put foo -- -1'))
    expect(await shell.ok(etcdctl('del foo --prev-kv'))).toBe('1\nfoo\n-1')
    expect(await hash()).toMatch(/^\d{5,}$/)
    expect(await shell.ok(etcdctl(`compaction ${header.revision + 1}`))).toBe(
      `compacted revision ${header.revision + 1}`,
    )
    expect(await shell.fails(etcdctl(`get foo --rev=${header.revision}`))).toContain(
      'required revision has been compacted',
    )
    expect(await shell.ok(etcdctl('del /registry/secrets/default/key'))).toBe('1')
    expect(await shell.fails('kubectl get secret key')).toContain('secrets "key" not found')
  })

  it('lose one of three and go on, with another leading', async () => {
    const holder = `kubectl -n kube-system get lease kube-scheduler -o jsonpath='{.spec.holderIdentity}'`
    expect(await shell.ok(holder)).toMatch(/^kind-control-plane_/)
    await shell.ok('docker stop kind-control-plane')
    await expect.poll(() => output(holder), poll).toMatch(/^kind-control-plane[23]_/)
    await shell.ok('kubectl create deployment web --image=nginx:1.27 --replicas=1')
    await shell.ok(
      `kubectl patch deployment web -p '{"spec":{"template":{"spec":{"tolerations":[{"operator":"Exists"}]}}}}'`,
    )
    await shell.ok('kubectl rollout status deployment web --timeout=60s')
    expect(await shell.fails(etcdctl('endpoint health --cluster', 'kind-control-plane2'))).toContain(
      'Error: unhealthy cluster',
    )
  })

  it('lose two of three and answer nothing, until one is back', async () => {
    await shell.ok('docker stop kind-control-plane3')
    expect(await shell.fails('kubectl get nodes')).toMatch(/EOF|etcdserver: request timed out/)
    expect(await output('docker exec kind-control-plane2 crictl ps')).toContain('etcd')
    await shell.ok('docker start kind-control-plane3')
    await expect.poll(() => output('kubectl get deployment web'), poll).toContain('web')
    await shell.ok('docker start kind-control-plane')
    await expect
      .poll(() => output("kubectl get nodes --no-headers | awk '{print $2}' | sort | uniq -c"), poll)
      .toMatch(/^ *3 Ready/)
  })

  it('end an etcd that was removed from the members', async () => {
    const [, id = ''] = /^(\w+), started, kind-control-plane3,/m.exec(
      await shell.ok(etcdctl('member list', 'kind-control-plane2')),
    )!
    await shell.ok(etcdctl(`member remove ${id}`, 'kind-control-plane2'))
    await expect
      .poll(
        () =>
          output(
            'docker exec kind-control-plane3 sh -c "crictl logs \\$(crictl ps -aq --name etcd | head -1)"',
          ),
        poll,
      )
      .toContain('the member has been permanently removed from the cluster')
  })
})

describe('a snapshot', { timeout: 90_000 }, () => {
  it('brings back what there was, in another data folder', async () => {
    await shell.ok('kind delete cluster')
    await shell.run('kind create cluster --wait 60s')
    await shell.ok('kubectl create deployment before --image=nginx:1.27')
    expect(await shell.ok(etcdctl('snapshot save /var/lib/etcd/snap.db'))).toContain(
      'Snapshot saved at /var/lib/etcd/snap.db',
    )
    expect(await shell.ok(inEtcd('etcdutl snapshot status /var/lib/etcd/snap.db -w table'))).toMatch(
      /\| +HASH +\| +REVISION +\| +TOTAL KEYS +\| +TOTAL SIZE +\|/,
    )
    expect(
      await output(
        inEtcd('etcdutl snapshot restore /etc/kubernetes/pki/etcd/ca.crt --data-dir /var/lib/etcd/x'),
      ),
    ).toContain('Error: snapshot missing hash but --skip-hash-check=false')
    await shell.ok('kubectl delete deployment before')
    await shell.ok('kubectl create deployment after --image=nginx:1.27')
    expect(
      await output(inEtcd('etcdutl snapshot restore /var/lib/etcd/snap.db --data-dir /var/lib/etcd')),
    ).toContain('Error: data-dir "/var/lib/etcd" not empty or could not be read')
    await shell.ok(inEtcd('etcdutl snapshot restore /var/lib/etcd/snap.db --data-dir /var/lib/etcd/new'))
    await shell.ok('docker exec kind-control-plane mv /var/lib/etcd/new /var/lib/etcd-new')
    const swap = (from: string, to: string) =>
      shell.ok(
        `docker exec kind-control-plane sed -i 's#path: ${from}$#path: ${to}#' /etc/kubernetes/manifests/etcd.yaml`,
      )
    await swap('/var/lib/etcd', '/var/lib/etcd-new')
    await expect
      .poll(() => output('kubectl get deployments'), poll)
      .toMatch(/^before(?![\s\S]*after)|before +1\/1/m)
    expect(await output('kubectl get deployments')).not.toContain('after')
    await swap('/var/lib/etcd-new', '/var/lib/etcd')
    await expect.poll(() => output('kubectl get deployments'), poll).toContain('after')
    expect(await output('kubectl get deployments')).not.toContain('before')
  })
})
