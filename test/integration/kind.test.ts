import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OwnedCloud, Part } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { killCloud } from '../support/kill-cloud.ts'
import { LabShell } from '../support/lab-shell.ts'

// A self-managed cluster by the real kubectl, our kind and our docker: its parts stopped by each way, the effect seen, and mended.
// What must be seen: kubernetes.io/docs/concepts/architecture, /docs/tasks/debug/debug-cluster, and the components' own texts (source in each).

const NODES = `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
- role: control-plane
- role: worker
- role: worker
  extraPortMappings:
  - containerPort: 30080
    hostPort: 8080
`
const MANIFESTS = '/etc/kubernetes/manifests'
/** Grace periods and probes of minutes pass in seconds. */
const SPEED = 10
const PATIENCE_MS = 40_000

let directory: string
let cloud: OwnedCloud
let shell: LabShell
let world: string
/** What the live picture shows, by what it is and is called. */
const seen = new Map<string, Part>()
let following: { close(): void }
let changed = () => {}

/** Waits until a part of the picture is in a state; undefined: until it is not there. */
async function shows(part: string, state: Part['state'] | undefined): Promise<void> {
  const find = () => [...seen.values()].find(({ kind, name }) => `${kind} ${name}` === part)?.state
  while (find() !== state)
    await new Promise<void>((resolve) => {
      changed = resolve
    })
}

/** Runs a command again and again until its output has a text, or has it no more. */
async function eventually(script: string, wanted: string | RegExp, present = true): Promise<string> {
  const matches = (text: string) => (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text))
  const end = process.hrtime.bigint() + BigInt(PATIENCE_MS) * 1_000_000n
  for (;;) {
    const { stdout, stderr } = await shell.run(script)
    const text = `${stdout}\n${stderr}`
    if (matches(text) === present) return text
    if (process.hrtime.bigint() > end)
      throw new Error(`${script}\nnever ${present ? 'had' : 'lost'} ${wanted}:\n${text}`)
    await pause(100)
  }
}

const node = (command: string, name = 'kind-control-plane') => `docker exec ${name} ${command}`
const inNode = (script: string, name?: string) => node(`sh -c '${script}'`, name)
const away = (component: string) => shell.ok(node(`mv ${MANIFESTS}/${component}.yaml /root/`))
const back = (component: string) => shell.ok(node(`mv /root/${component}.yaml ${MANIFESTS}/`))
const page = () => shell.run('kubectl exec probe -- wget -qO- -T 5 http://web')

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-kind-'))
  cloud = await startCloud({ directory })
  const info = await cloud.createWorld({ provisioning: 'instant', speed: SPEED })
  world = info.id
  shell = await LabShell.open(info, 'bundled')
  await shell.write('nodes.yaml', NODES)
  following = cloud.picture(world, ({ whole, put, gone }) => {
    if (whole) seen.clear()
    for (const part of put) seen.set(part.id, part)
    for (const id of gone) seen.delete(id)
    changed()
  })
}, 60_000)
afterAll(async () => {
  following.close()
  await shell.close()
  await cloud.stop()
  await rm(directory, { recursive: true })
})

describe('kind', { timeout: 90_000 }, () => {
  it('makes a cluster, telling each step', async () => {
    const { code, stderr } = await shell.run('kind create cluster --config nodes.yaml --wait 60s')
    expect(stderr).toContain(`Creating cluster "kind" ...`)
    expect(stderr.match(/✓ .*/g)).toEqual([
      '✓ Ensuring node image (kindest/node:v1.35.0) 🖼',
      expect.stringContaining('✓ Preparing nodes 📦 📦 📦'),
      '✓ Writing configuration 📜',
      '✓ Starting control-plane 🕹️',
      '✓ Installing CNI 🔌',
      '✓ Installing StorageClass 💾',
      '✓ Joining worker nodes 🚜',
      '✓ Waiting ≤ 1m0s for control-plane = Ready ⏳',
    ])
    expect(stderr).toContain('Set kubectl context to "kind-kind"')
    expect(code).toBe(0)
  })

  it('names its clusters, nodes and kubeconfig, and refuses a second of the name', async () => {
    expect(await shell.ok('kind get clusters')).toBe('kind')
    expect(await shell.ok('kind get nodes')).toBe('kind-control-plane\nkind-worker\nkind-worker2')
    expect(await shell.ok('kind get kubeconfig')).toContain('server: https://kind-control-plane:6443')
    expect(await shell.ok('kubectl config current-context')).toBe('kind-kind')
    expect(await shell.ok('kind version')).toMatch(/^kind v0\.31\.0-drydock go/)
    expect(await shell.fails('kind create cluster')).toContain(
      'ERROR: failed to create cluster: node(s) already exist for a cluster with the name "kind"',
    )
    expect(await shell.fails('kind load docker-image nowhere:1')).toContain(
      'ERROR: image: "nowhere:1" not present locally',
    )
    expect(await shell.ok(`docker ps --format '{{.Names}} {{.Image}}' | sort`)).toBe(
      'kind-control-plane kindest/node:v1.35.0\nkind-worker kindest/node:v1.35.0\nkind-worker2 kindest/node:v1.35.0',
    )
  })

  it('has a control plane of static pods, with kubeadm’s objects around it', async () => {
    await eventually('kubectl get nodes', 'NotReady', false)
    expect(await shell.ok("kubectl get nodes --no-headers | awk '{print $1, $2, $3, $5}'")).toBe(
      'kind-control-plane Ready control-plane v1.35.0\nkind-worker Ready <none> v1.35.0\nkind-worker2 Ready <none> v1.35.0',
    )
    const pods = await shell.ok('kubectl -n kube-system get pods -o name')
    for (const name of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'])
      expect(pods).toContain(`pod/${name}-kind-control-plane`)
    expect(
      await shell.ok(
        `kubectl -n kube-system get pod kube-scheduler-kind-control-plane -o jsonpath='{.metadata.ownerReferences[0].kind} {.metadata.annotations.kubernetes\\.io/config\\.source} {.spec.priority}'`,
      ),
    ).toBe('Node file 2000001000')
    expect(
      await shell.ok(
        `kubectl get node kind-control-plane -o jsonpath='{.spec.taints[0].key}:{.spec.taints[0].effect}'`,
      ),
    ).toBe('node-role.kubernetes.io/control-plane:NoSchedule')
    expect(
      await shell.ok(
        `kubectl -n kube-system get cm kubeadm-config -o jsonpath='{.data.ClusterConfiguration}'`,
      ),
    ).toContain('controlPlaneEndpoint: kind-control-plane:6443')
    expect(await shell.ok('kubectl -n kube-public get cm cluster-info -o name')).toBe(
      'configmap/cluster-info',
    )
    // Source: the ConfigMaps and ServiceAccounts of clusters made by kubeadm.
    expect(
      await shell.ok(`kubectl -n kube-system get cm kube-proxy -o jsonpath='{.data.config\\.conf}'`),
    ).toMatch(/^apiVersion: kubeproxy[\s\S]*\n {2}strictARP: false\n[\s\S]*\nmode: iptables\n/)
    expect(
      await shell.ok(`kubectl -n kube-system get cm kubelet-config -o jsonpath='{.data.kubelet}'`),
    ).toMatch(
      /\ncgroupRoot: \/kubelet\n[\s\S]*\nevictionHard:\n {2}imagefs.available: 0%\n[\s\S]*\nstaticPodPath: /,
    )
    expect(
      await shell.ok(
        `kubectl -n kube-system get cm extension-apiserver-authentication -o jsonpath='{.data.requestheader-allowed-names}'`,
      ),
    ).toBe('["front-proxy-client"]')
    expect(
      await shell.ok('kubectl -n kube-system get sa deployment-controller bootstrap-signer -o name'),
    ).toBe('serviceaccount/deployment-controller\nserviceaccount/bootstrap-signer')
    const leases = await shell.ok('kubectl -n kube-system get lease -o name')
    expect(leases).toMatch(/\/apiserver-[a-z2-7]{26}\n[\s\S]*kube-controller-manager\n[\s\S]*kube-scheduler/)
    expect(await shell.ok('kubectl get sc -o name')).toBe('storageclass.storage.k8s.io/standard')
    expect(await shell.ok('kubectl auth whoami')).toContain('kubernetes-admin')
    await eventually('kubectl get cs', /scheduler +Healthy[\s\S]*etcd-0 +Healthy/)
  })

  it('is in the picture with the parts that run on its machine', async () => {
    await shows('kubernetes Kubernetes', 'good')
    for (const name of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'])
      await shows(`component ${name}`, 'good')
    const { id, parent } = [...seen.values()].find(({ name }) => name === 'kube-scheduler')!
    expect(seen.get(parent!)).toMatchObject({ kind: 'container', name: 'kind-control-plane' })
    expect((await cloud.part(world, id))?.command).toBe(
      'docker exec kind-control-plane crictl ps --all --name kube-scheduler',
    )
  })

  it('runs workloads, also for the machine around it', async () => {
    await shell.ok('kubectl create deployment web --image=nginx:1.27 --replicas=2')
    await shell.ok('kubectl expose deployment web --port=80')
    await shell.ok(
      `kubectl patch service web -p '{"spec":{"type":"NodePort","ports":[{"port":80,"nodePort":30080}]}}'`,
    )
    await shell.ok('kubectl rollout status deployment web --timeout=60s')
    await shell.ok('kubectl run probe --image=busybox -- sleep 100000')
    await shell.ok('kubectl wait --for=condition=Ready pod/probe --timeout=60s')
    expect((await page()).stdout).toContain('Welcome to nginx')
    expect(await shell.ok('curl -s localhost:8080')).toContain('Welcome to nginx')
  })
})

describe('a node’s shell', { timeout: 90_000 }, () => {
  // Source: rancher/local-path-provisioner (provisioner.go), kubernetes.io/docs/concepts/storage/storage-classes#local, kind's default storage.
  it('makes folders of a node into volumes of class standard, and removes them with their claim', async () => {
    await shell.write(
      'claim.yaml',
      `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: notes}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 100Mi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: writer}
spec:
  nodeName: ""
  nodeSelector: {kubernetes.io/hostname: kind-worker}
  containers:
  - name: main
    image: busybox
    command: [sh, -c, "echo kept > /data/note; sleep 1000"]
    volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: notes}}]
`,
    )
    await shell.ok('kubectl apply -f claim.yaml')
    await shell.ok('kubectl wait --for=condition=Ready pod/writer --timeout=60s')
    expect(await shell.ok('kubectl get pvc notes --no-headers')).toMatch(
      /^notes +Bound +pvc-\S+ +100Mi +RWO +standard +<unset> /,
    )
    const path = await shell.ok(
      `kubectl get pv -o jsonpath='{.items[0].spec.hostPath.path} {.items[0].spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].values[0]}'`,
    )
    expect(path).toMatch(/^\/var\/local-path-provisioner\/pvc-\S+_default_notes kind-worker$/)
    const folder = path.split(' ')[0]!
    expect(await shell.ok(node(`cat ${folder}/note`, 'kind-worker'))).toBe('kept')
    await shell.ok(inNode(`echo more >> ${folder}/note`, 'kind-worker'))
    expect(await shell.ok('kubectl exec writer -- cat /data/note')).toBe('kept\nmore')
    const events = await shell.ok('kubectl describe pvc notes')
    for (const reason of [
      'WaitForFirstConsumer',
      'ExternalProvisioning',
      'Provisioning',
      'ProvisioningSucceeded',
    ])
      expect(events).toMatch(new RegExp(`Normal +${reason} `))
    await shell.ok('kubectl delete -f claim.yaml --now')
    await eventually('kubectl get pv', 'No resources found')
    expect(await shell.ok(node('ls /var/local-path-provisioner', 'kind-worker'))).toBe('')
  })

  // Source: the requests of a fresh kind cluster, kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping.
  it('kubelets have got their certificates by requests, with the bootstrap token or for themselves', async () => {
    const columns =
      '-o custom-columns=SIGNER:.spec.signerName,REQUESTOR:.spec.username,CONDITION:.status.conditions[0].reason'
    const requests = await shell.ok(`kubectl get csr --no-headers ${columns} --sort-by=.spec.username`)
    const line = (who: string) => `kubernetes.io/kube-apiserver-client-kubelet ${who} AutoApproved`
    expect(
      requests
        .trim()
        .split('\n')
        .map((text) => text.replace(/ +/g, ' ').trim()),
    ).toEqual([
      line('system:bootstrap:abcdef'),
      line('system:bootstrap:abcdef'),
      line('system:node:kind-control-plane'),
    ])
    expect(
      await shell.ok(inNode('readlink /var/lib/kubelet/pki/kubelet-client-current.pem', 'kind-worker')),
    ).toMatch(/^\/var\/lib\/kubelet\/pki\/kubelet-client-\d{4}(-\d\d){5}\.pem$/m)
    for (const name of ['kind-control-plane', 'kind-worker'])
      expect(await shell.ok(inNode('cat /etc/kubernetes/kubelet.conf', name))).toContain(
        'client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem',
      )
    expect(await shell.ok(inNode('ls /etc/kubernetes', 'kind-worker'))).not.toContain('bootstrap')
  })

  // Source: kubernetes.io/docs/tasks/tls/certificate-issue-client-csr.
  it('signs an approved certificate request with the key on the disk of the control plane', async () => {
    await shell.ok(
      `openssl req -new -newkey rsa:2048 -nodes -keyout john.key -subj "/O=devs/CN=john" -out john.csr 2>/dev/null`,
    )
    const request = await shell.ok('base64 -w0 < john.csr')
    await shell.write(
      'csr.yaml',
      `apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: john}
spec: {request: ${request}, signerName: kubernetes.io/kube-apiserver-client, expirationSeconds: 86400, usages: [client auth]}
`,
    )
    await shell.ok('kubectl apply -f csr.yaml && kubectl certificate approve john')
    await eventually('kubectl get csr john', 'Approved,Issued')
    const subject = `kubectl get csr john -o jsonpath='{.status.certificate}' | base64 -d | openssl x509 -noout -subject -issuer -nameopt RFC2253`
    expect(await shell.ok(subject)).toBe('subject=CN=john,O=devs\nissuer=CN=kubernetes')
  })

  it('shows processes, units and their journal', async () => {
    expect(await shell.ok(node('ps aux'))).toMatch(
      /\/usr\/bin\/kubelet --bootstrap-kubeconfig[\s\S]*kube-apiserver --advertise-address/,
    )
    expect(await shell.ok(node('systemctl status kubelet'))).toMatch(
      /● kubelet\.service.*\n.*enabled.*\n.*active \(running\)/,
    )
    expect(await shell.ok(node('systemctl is-active kubelet containerd'))).toBe('active\nactive')
    expect(await shell.ok(node('journalctl -u kubelet --no-pager'))).toContain(
      'Starting kubelet main sync loop',
    )
    expect(await shell.fails(node('systemctl restart nothing'))).toContain('Unit nothing.service not found.')
  })

  it('shows containers, images and pods past the kubelet', async () => {
    const list = await shell.ok(node('crictl ps'))
    expect(list).toMatch(/^CONTAINER +IMAGE +CREATED +STATE +NAME +ATTEMPT +POD ID +POD +NAMESPACE/)
    expect(list).toMatch(/Running +kube-scheduler +0 .*kube-scheduler-kind-control-plane +kube-system/)
    expect(await shell.ok(node('crictl pods --name etcd -q'))).toMatch(/^[0-9a-f]{64}$/)
    expect(await shell.ok(node('crictl images'))).toMatch(/registry\.k8s\.io\/kube-apiserver +v1\.35\.0/)
    expect(await shell.ok(inNode('crictl logs $(crictl ps -q --name kube-scheduler)'))).toContain(
      'successfully acquired lease kube-system/kube-scheduler',
    )
    expect(await shell.ok(inNode('crictl inspect $(crictl ps -q --name etcd)'))).toContain(
      '"CONTAINER_RUNNING"',
    )
    expect(await shell.fails(node('crictl inspect none'))).toContain('NotFound')
    expect(await shell.ok('kubectl -n kube-system logs kube-apiserver-kind-control-plane')).toContain(
      'Serving securely on [::]:6443',
    )
  })

  it('has kubeadm and a kubectl of its own', async () => {
    expect(await shell.ok(node('kubeadm version -o short'))).toBe('v1.35.0')
    expect(await shell.ok(node('kubeadm certs check-expiration'))).toMatch(
      /apiserver-etcd-client +\w+ \d+, \d+ .* 364d +etcd-ca/,
    )
    expect(await shell.ok(node('kubeadm token create --print-join-command'))).toMatch(
      /^kubeadm join kind-control-plane:6443 --token [a-z0-9]{6}\.[a-z0-9]{16} --discovery-token-ca-cert-hash sha256:[0-9a-f]{64}$/,
    )
    expect(await shell.ok(node('kubeadm token list'))).toContain('abcdef.0123456789abcdef')
    expect(await shell.ok(node('kubeadm config images list'))).toContain(
      'registry.k8s.io/kube-apiserver:v1.35.0',
    )
    expect(await shell.fails(node('kubeadm init'))).toContain('[ERROR Port-6443]: Port 6443 is in use')
    // Source: cmd/kubeadm/app/cmd/certs.go, phases/certs/renewal/manager.go.
    expect(await shell.ok(node('kubeadm certs renew apiserver'))).toBe(
      `[renew] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...
[renew] Use 'kubeadm init phase upload-config kubeadm --config your-config-file' to re-upload it.

certificate for serving the Kubernetes API renewed`,
    )
    await shell.write(
      'bob.conf',
      await shell.ok(node('kubeadm kubeconfig user --client-name=bob --org=devs')),
    )
    expect(await shell.ok('kubectl --kubeconfig bob.conf auth whoami')).toMatch(
      /Username +bob\nGroups +\[devs system:authenticated\]/,
    )
    expect(await shell.fails(node('kubeadm kubeconfig user'))).toContain(
      'required flag(s) "client-name" not set',
    )
    expect(await shell.fails(node('kubeadm upgrade plan'))).toContain(
      'drydock: kubeadm upgrade is not simulated',
    )
    expect(await shell.ok(node('kubectl get nodes'))).toMatch(/kind-worker2 +Ready/)
    expect(await shell.fails(node('kubectl describe node kind-worker'))).toContain(
      'drydock: kubectl describe is not simulated',
    )
    expect(await shell.ok(inNode('crio version || ls /etc/kubernetes/pki'))).toContain(
      'apiserver-kubelet-client.crt',
    )
  })
})

describe('without a scheduler', { timeout: 90_000 }, () => {
  it('pods stay pending, and nobody says why', async () => {
    await away('kube-scheduler')
    await eventually('kubectl -n kube-system get pods', 'kube-scheduler', false)
    await shows('component kube-scheduler', 'bad')
    await shell.ok('kubectl run waiting --image=nginx:1.27')
    expect(await eventually('kubectl get cs', 'Unhealthy')).toMatch(
      /scheduler +Unhealthy +Get "https:\/\/127\.0\.0\.1:10259\/healthz": dial tcp 127\.0\.0\.1:10259: connect: connection refused/,
    )
    expect(await shell.ok('kubectl get pod waiting --no-headers')).toMatch(/0\/1 +Pending/)
    expect(
      (await shell.run('kubectl get events --field-selector involvedObject.name=waiting')).stderr,
    ).toContain('No resources found')
    expect((await page()).stdout).toContain('Welcome to nginx')
  })

  it('they get their nodes when it is back', async () => {
    await back('kube-scheduler')
    await shows('component kube-scheduler', 'good')
    await shell.ok('kubectl wait --for=condition=Ready pod/waiting --timeout=60s')
    await shell.ok('kubectl delete pod waiting --wait=false')
  })

  it('a mistake in its manifest is told by the component itself', async () => {
    await shell.ok(node(`sed -i s/--leader-elect=true/--leader-elct=true/ ${MANIFESTS}/kube-scheduler.yaml`))
    await eventually('kubectl -n kube-system get pods', /kube-scheduler.*(CrashLoopBackOff|Error)/)
    expect(
      await shell.ok(inNode('crictl logs $(crictl ps -aq --name kube-scheduler | head -1) 2>&1')),
    ).toContain('unknown flag: --leader-elct')
    await shell.ok(node(`sed -i s/--leader-elct=true/--leader-elect=true/ ${MANIFESTS}/kube-scheduler.yaml`))
    await eventually('kubectl -n kube-system get pods', /kube-scheduler.*1\/1 +Running/)
  })

  it('an image that is nowhere keeps it from starting', async () => {
    await shell.ok(
      node(`sed -i s/kube-scheduler:v1.35.0/kube-scheduler:v9.9.9/ ${MANIFESTS}/kube-scheduler.yaml`),
    )
    await eventually('kubectl -n kube-system get pods', /kube-scheduler.*(ErrImagePull|ImagePullBackOff)/)
    await shell.ok(
      node(`sed -i s/kube-scheduler:v9.9.9/kube-scheduler:v1.35.0/ ${MANIFESTS}/kube-scheduler.yaml`),
    )
    await eventually('kubectl -n kube-system get pods', /kube-scheduler.*1\/1 +Running/)
  })
})

describe('without a controller manager', { timeout: 90_000 }, () => {
  it('the kubelet starts again what crictl stops', async () => {
    await shell.ok(inNode('crictl stop $(crictl ps -q --name kube-controller-manager)'))
    await eventually(node('crictl ps --name kube-controller-manager'), /Running +kube-controller-manager +1/)
    expect(await shell.ok(node('crictl ps -a --name kube-controller-manager'))).toMatch(
      /Exited +kube-controller-manager +0/,
    )
  })

  it('nothing is replaced and nothing is scaled', async () => {
    await away('kube-controller-manager')
    await eventually(node('crictl ps --name kube-controller-manager'), 'Running', false)
    await shell.ok('kubectl delete pod -l app=web')
    await shell.ok('kubectl scale deployment web --replicas=3')
    expect(await shell.ok('kubectl get pods -l app=web -o name')).toBe('')
    expect(await shell.ok('kubectl get deployment web --no-headers')).toMatch(/web +2\/3 +2 +2/)
    // The endpoints are those of pods that are gone.
    expect(
      await shell.ok('kubectl get endpointslices -l kubernetes.io/service-name=web --no-headers'),
    ).toMatch(/10\.244\./)
    expect((await page()).code).not.toBe(0)
  })

  it('all of it is done when it is back', async () => {
    await back('kube-controller-manager')
    await shell.ok('kubectl wait --for=jsonpath={.status.readyReplicas}=3 deployment/web --timeout=60s')
    expect((await page()).stdout).toContain('Welcome to nginx')
  })
})

describe('without etcd', { timeout: 120_000 }, () => {
  it('the API server says that it cannot reach it, and is not alive', async () => {
    await away('etcd')
    await eventually(node('crictl ps --name etcd'), 'Running', false)
    await shows('component etcd', 'bad')
    await shows('kubernetes Kubernetes', 'bad')
    await shows('component kube-scheduler', 'good')
    expect(await shell.fails('kubectl get pods')).toContain(
      'Error from server: rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:2379: connect: connection refused"',
    )
    expect(await shell.ok(node('curl -sk https://127.0.0.1:6443/livez'))).toContain(
      '[-]etcd failed: reason withheld',
    )
    expect(await shell.ok('curl -s localhost:8080')).toContain('Welcome to nginx')
  })

  it('its liveness probe has it started again, which ends without an etcd', async () => {
    await eventually(
      'kubectl get pods',
      'The connection to the server kind-control-plane:6443 was refused - did you specify the right host or port?',
    )
    await eventually(
      inNode('crictl logs $(crictl ps -aq --name kube-apiserver | head -1) 2>&1'),
      'Error creating leases: error creating storage factory: context deadline exceeded',
    )
    expect(await shell.ok('curl -s localhost:8080')).toContain('Welcome to nginx')
  })

  it('all is well when it is back, and nothing is lost', async () => {
    await back('etcd')
    await eventually('kubectl get nodes', /kind-worker2 +Ready/)
    await eventually('kubectl -n kube-system get pods', /kube-apiserver.*1\/1 +Running/)
    expect(await shell.ok('kubectl get deployment web -o name')).toBe('deployment.apps/web')
  })
})

describe('without an API server', { timeout: 90_000 }, () => {
  it('kubectl finds nobody, and the pods go on', async () => {
    await away('kube-apiserver')
    await eventually('kubectl get nodes', 'The connection to the server kind-control-plane:6443 was refused')
    expect(await shell.fails(node('kubectl get nodes'))).toContain(
      'The connection to the server kind-control-plane:6443 was refused',
    )
    expect(await shell.ok('curl -s localhost:8080')).toContain('Welcome to nginx')
    // The kubelet needs nobody to start a container again.
    const worker = (await shell.run(node('crictl ps -q --name probe', 'kind-worker'))).stdout
      ? 'kind-worker'
      : 'kind-worker2'
    await shell.ok(inNode('crictl stop $(crictl ps -q --name probe)', worker))
    await eventually(node('crictl ps --name probe', worker), /Running +probe +1/)
    expect(
      await eventually(node('journalctl -u kubelet -n 20'), 'Failed to ensure lease exists, will retry'),
    ).toContain('connect: connection refused')
  })

  it('survives the end of the process that simulates it all', async () => {
    await killCloud(cloud)
    await eventually('docker ps', /kind-worker2/)
    await eventually(node('crictl ps --name etcd'), 'Running')
    await shows('component etcd', 'good')
    await shows('component kube-apiserver', 'bad')
    expect(await shell.fails('kubectl get nodes')).toContain('was refused')
    await back('kube-apiserver')
    await eventually('kubectl get nodes', /kind-control-plane +Ready/)
    // What the kubelet had to tell while nobody listened.
    await eventually(
      'kubectl -n kube-system get events --field-selector involvedObject.name=kube-apiserver-kind-control-plane',
      /Started +pod\/kube-apiserver/,
    )
    await shell.ok('kubectl wait --for=condition=Ready pod/probe --timeout=60s')
    await shell.ok('kubectl wait --for=jsonpath={.status.readyReplicas}=3 deployment/web --timeout=60s')
    await eventually('kubectl exec probe -- wget -qO- -T 5 http://web', 'Welcome to nginx')
  })
})

describe('a node in trouble', { timeout: 120_000 }, () => {
  it('is not ready without its kubelet, whose containers run on', async () => {
    await shell.ok(node('systemctl stop kubelet', 'kind-worker'))
    expect((await shell.run(node('systemctl is-active kubelet', 'kind-worker'))).stdout).toBe('inactive')
    await shell.ok('kubectl wait --for=condition=Ready=Unknown node/kind-worker --timeout=60s')
    expect(await shell.ok(`kubectl get node kind-worker -o jsonpath='{.spec.taints[*].key}'`)).toContain(
      'node.kubernetes.io/unreachable',
    )
    expect(await shell.ok(node('crictl ps', 'kind-worker'))).toMatch(/Running +kindnet-cni/)
    const pod = await shell.ok(
      'kubectl -n kube-system get pods -l app=kindnet --field-selector spec.nodeName=kind-worker -o name',
    )
    expect(await shell.fails(`kubectl -n kube-system logs ${pod}`)).toMatch(
      /dial tcp 172\.18\.0\.\d+:10250: connect: connection refused/,
    )
    await shell.ok(node('systemctl start kubelet', 'kind-worker'))
    await shell.ok('kubectl wait --for=condition=Ready node/kind-worker --timeout=60s')
  })

  // Source: pkg/proxy/iptables/proxier.go (chains and their names), openssl-x509(1), kubernetes.io/docs/concepts/cluster-administration/logging.
  it('shows the rules, certificates and logs of its machines', async () => {
    await eventually(node('iptables-save -t nat', 'kind-worker'), 'default/kubernetes:https cluster IP')
    const rules = await shell.ok(node('iptables-save -t nat', 'kind-worker'))
    expect(rules).toContain(
      '-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment "default/kubernetes:https cluster IP" -m tcp --dport 443 -j KUBE-SVC-NPX46M4PTMTKRN6Y\n',
    )
    expect(rules).toMatch(
      /-A (KUBE-SEP-[A-Z2-7]{16}) -p tcp -m comment --comment "default\/kubernetes:https" -m tcp -j DNAT --to-destination [\d.]+:6443\n/,
    )
    expect(await shell.ok(node('iptables -t nat -S KUBE-SVC-NPX46M4PTMTKRN6Y', 'kind-worker'))).toMatch(
      /^-N KUBE-SVC-NPX46M4PTMTKRN6Y\n-A KUBE-SVC-NPX46M4PTMTKRN6Y ! -s 10\.244\.0\.0\/16 -d 10\.96\.0\.1\/32 .* -j KUBE-MARK-MASQ\n-A KUBE-SVC-NPX46M4PTMTKRN6Y .* -> [\d.]+:6443" -j KUBE-SEP-[A-Z2-7]{16}$/,
    )
    const certificate = 'openssl x509 -in /etc/kubernetes/pki/apiserver.crt -noout'
    expect(await shell.ok(node(`${certificate} -subject -issuer -checkend 86400`))).toBe(
      'subject=CN = kube-apiserver\nissuer=CN = kubernetes\nCertificate will not expire',
    )
    expect(await shell.ok(node(`${certificate} -dates`))).toMatch(
      /^notBefore=\w{3} [ \d]\d [\d:]{8} \d{4} GMT\nnotAfter=\w{3} [ \d]\d [\d:]{8} \d{4} GMT$/,
    )
    const text = await shell.ok(node(`${certificate} -text`))
    expect(text).toContain('X509v3 Extended Key Usage: \n                TLS Web Server Authentication\n')
    expect(text).toMatch(/DNS:kubernetes\.default\.svc\.cluster\.local, .*IP Address:10\.96\.0\.1/)
    const logs = node(`sh -c 'cat /var/log/containers/kube-scheduler-*.log'`)
    expect(await shell.ok(logs)).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{9}Z stderr F I\d{4} /)
    expect(await shell.ok(node('ls /var/log/pods'))).toMatch(
      /^kube-system_kube-scheduler-kind-control-plane_\w+$/m,
    )
  })

  it('is not ready without its container runtime', async () => {
    await shell.ok(node('systemctl stop containerd', 'kind-worker2'))
    await eventually('kubectl describe node kind-worker2', 'container runtime is down')
    expect(await shell.fails(node('crictl ps', 'kind-worker2'))).toContain(
      'dial unix /run/containerd/containerd.sock',
    )
    await shell.ok(node('systemctl start containerd', 'kind-worker2'))
    await shell.ok('kubectl wait --for=condition=Ready node/kind-worker2 --timeout=60s')
  })

  it('keeps old rules for Services without kube-proxy, and learns no new ones', async () => {
    await shell.ok(
      'kubectl -n kube-system patch daemonset kube-proxy -p \'{"spec":{"template":{"spec":{"nodeSelector":{"none":"x"}}}}}\'',
    )
    await eventually('kubectl -n kube-system get pods', 'kube-proxy', false)
    expect((await page()).stdout).toContain('Welcome to nginx')
    await shell.ok('kubectl expose deployment web --name late --port=80')
    expect(await shell.fails('kubectl exec probe -- wget -qO- -T 2 http://late')).toContain('timed out')
    await shell.ok(
      'kubectl -n kube-system patch daemonset kube-proxy --type json -p \'[{"op":"remove","path":"/spec/template/spec/nodeSelector/none"}]\'',
    )
    await eventually('kubectl exec probe -- wget -qO- -T 2 http://late', 'Welcome to nginx')
  })

  it('has no names without CoreDNS', async () => {
    await shell.ok('kubectl -n kube-system scale deployment coredns --replicas=0')
    await eventually('kubectl exec probe -- wget -qO- -T 2 http://web', "bad address 'web'")
    await shell.ok('kubectl -n kube-system scale deployment coredns --replicas=2')
    await eventually('kubectl exec probe -- wget -qO- -T 2 http://web', 'Welcome to nginx')
  })

  // Source: kubernetes.io/docs/concepts/architecture/nodes, `registerWithAPIServer` in pkg/kubelet/kubelet_node_status.go.
  it('stays away when its Node is deleted, until its kubelet starts anew', async () => {
    await shell.ok('kubectl delete node kind-worker')
    expect(await shell.ok('kubectl get nodes -o name')).not.toContain('node/kind-worker\n')
    await shell.ok(node('systemctl restart kubelet', 'kind-worker'))
    await shell.ok('kubectl wait --for=create node/kind-worker --timeout=60s')
    await shell.ok('kubectl wait --for=condition=Ready node/kind-worker --timeout=60s')
  })

  it('goes with its container, and the cluster with all of them', async () => {
    await shell.ok('docker stop kind-worker2')
    await shell.ok('kubectl wait --for=condition=Ready=Unknown node/kind-worker2 --timeout=60s')
    await shell.ok('docker start kind-worker2')
    await shell.ok('kubectl wait --for=condition=Ready node/kind-worker2 --timeout=60s')
    const { stderr } = await shell.run('kind delete cluster')
    expect(stderr).toBe(
      'Deleting cluster "kind" ...\nDeleted nodes: ["kind-control-plane" "kind-worker" "kind-worker2"]',
    )
    expect(await shell.ok('docker ps -aq')).toBe('')
    expect(await shell.ok('kubectl config get-contexts -o name')).toBe('')
    await shows('component etcd', undefined)
    await shows('kubernetes Kubernetes', undefined)
  })
})
