import type { Node } from '../../objects.ts'
import { CLIENT_CERTIFICATE, KUBELET_CONF } from '../components/client-certificate.ts'
import { writeKubeconfig as kubeconfigWith } from '../kubeconfig.ts'
import { bootstrapObjects, coreDns, kubeProxy, tokenSecret, uploadedConfig } from './addons.ts'
import { ownKubeletConfigurationText } from './component-configs.ts'
import { CONTROL_PLANE_TAINT, type Configuration, endpointOf } from './configuration.ts'
import { type Context, KubeadmError } from './context.ts'
import { MANIFESTS, manifestsOf } from './manifests.ts'
import {
  AUTHORITIES,
  authorityOf,
  KUBECONFIGS,
  keyHash,
  LEAVES,
  makeKubeconfig,
  makeLeaf,
  makeServiceAccountKey,
  PKI,
  serverOf,
} from './pki.ts'

const DAY = 86_400_000
const WAIT_MS = 240_000
/** How long the kubelet's request for its certificate may take, ms. */
const FINALIZE_MS = 10_000

/** `kubeadm init`: certificates, kubeconfigs, the static pods of the control plane, and what the cluster needs first. Models cmd/kubeadm/app/cmd/init.go. */
export async function init(
  context: Context,
  config: Configuration,
  options: { skipPreflight: boolean; printToken: boolean },
): Promise<void> {
  const { files, node } = context
  await context.say(`[init] Using Kubernetes version: ${config.kubernetesVersion}`)
  if (!options.skipPreflight) await preflight(context, config)
  await context.say(`[certs] Using certificateDir folder "${PKI}"`)
  const authority = await makeCertificates(context, config)
  await context.say('[kubeconfig] Using kubeconfig folder "/etc/kubernetes"')
  for (const { file } of KUBECONFIGS) {
    await writeKubeconfig(context, config, file)
    if (file === 'super-admin.conf') {
      await makeKubeconfig(
        files,
        {
          path: KUBELET_CONF,
          user: `system:node:${config.nodeName}`,
          organizations: ['system:nodes'],
          cluster: config.clusterName,
          // The kubelet of a control plane asks the API server beside it (ControlPlaneKubeletLocalMode).
          server: serverOf(config, true),
        },
        context.times,
      )
      await context.say('[kubeconfig] Writing "kubelet.conf" kubeconfig file')
    }
  }
  const manifests = manifestsOf(config)
  const components = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler']
  await context.say(`[etcd] Creating static Pod manifest for local etcd in "${MANIFESTS}"`)
  context.write(`${MANIFESTS}/etcd.yaml`, manifests['etcd.yaml']!, 0o600)
  await context.say(`[control-plane] Using manifest folder "${MANIFESTS}"`)
  for (const name of components) {
    context.write(`${MANIFESTS}/${name}.yaml`, manifests[`${name}.yaml`]!, 0o600)
    await context.say(`[control-plane] Creating static Pod manifest for "${name}"`)
  }
  await startKubelet(context, config, config.taints ?? [CONTROL_PLANE_TAINT])
  await context.say(
    `[wait-control-plane] Waiting for the kubelet to boot up the control plane as static Pods from directory "${MANIFESTS}"`,
  )
  await context.say(
    '[kubelet-check] Waiting for a healthy kubelet at http://127.0.0.1:10248/healthz. This can take up to 4m0s',
  )
  const begun = context.times.now
  if (!(await context.until(() => context.machines.options.network.listening(node.address, 10248), WAIT_MS)))
    throw new KubeadmError(KUBELET_UNHEALTHY)
  await context.say(`[kubelet-check] The kubelet is healthy after ${duration(context.times.now - begun)}`)
  await context.say(
    `[control-plane-check] Waiting for healthy control plane components. This can take up to 4m0s`,
  )
  const checked = context.times.now
  for (const [name, port, path] of [
    ['kube-apiserver', config.bindPort, `https://${config.advertiseAddress}:${config.bindPort}/livez`],
    ['kube-controller-manager', 10257, 'https://127.0.0.1:10257/healthz'],
    ['kube-scheduler', 10259, 'https://127.0.0.1:10259/livez'],
  ] as const) {
    await context.say(`[control-plane-check] Checking ${name} at ${path}`)
    if (!(await context.until(() => context.machines.options.network.listening(node.address, port), WAIT_MS)))
      throw new KubeadmError(
        `failed while waiting for the control plane to start: ${name} check failed at ${path}: Get "${path}": dial tcp ${node.address}:${port}: connect: connection refused`,
      )
    await context.say(
      `[control-plane-check] ${name} is healthy after ${duration(context.times.now - checked)}`,
    )
  }
  const cluster = await context.cluster('/etc/kubernetes/super-admin.conf')
  await context.say(
    '[upload-config] Storing the configuration used in ConfigMap "kubeadm-config" in the "kube-system" Namespace',
  )
  await context.say(
    '[kubelet] Creating a ConfigMap "kubelet-config" in namespace kube-system with the configuration for the kubelets in the cluster',
  )
  context.apply(cluster, uploadedConfig(config))
  await context.say('[upload-certs] Skipping phase. Please see --upload-certs')
  await markControlPlane(context, config)
  const token = config.token ?? makeToken(context)
  await context.say(`[bootstrap-token] Using token: ${options.printToken ? token : '<value withheld>'}`)
  for (const line of BOOTSTRAP_LINES) await context.say(`[bootstrap-token] ${line}`)
  const expiration = new Date(context.times.now + DAY).toISOString().replace(/\.\d+Z/, 'Z')
  const description = "The default bootstrap token generated by 'kubeadm init'."
  context.apply(cluster, [
    ...bootstrapObjects(config, authority.certificate),
    tokenSecret(token, expiration, description),
  ])
  await context.say(
    '[kubelet-finalize] Updating "/etc/kubernetes/kubelet.conf" to point to a rotatable kubelet client certificate and key',
  )
  // Its own comes when somebody signs: without one it keeps what came with the file.
  if (await context.until(() => files.exists(CLIENT_CERTIFICATE), FINALIZE_MS))
    context.write(
      KUBELET_CONF,
      kubeconfigWith({
        cluster: config.clusterName,
        server: serverOf(config, true),
        authority: authority.certificate,
        user: `system:node:${config.nodeName}`,
        identity: { file: CLIENT_CERTIFICATE },
      }),
      0o600,
    )
  context.apply(cluster, coreDns(config))
  await context.say('[addons] Applied essential addon: CoreDNS')
  context.apply(cluster, kubeProxy(config))
  await context.say('[addons] Applied essential addon: kube-proxy')
  await context.say(
    farewell(config, options.printToken ? token : '<value withheld>', keyHash(authority.certificate)),
  )
}

/** Writes one of the kubeconfig files of a control plane. */
export async function writeKubeconfig(context: Context, config: Configuration, file: string): Promise<void> {
  const { user, organizations, local } = KUBECONFIGS.find((known) => known.file === file)!
  await makeKubeconfig(
    context.files,
    {
      path: `/etc/kubernetes/${file}`,
      user,
      organizations,
      cluster: config.clusterName,
      server: serverOf(config, local),
    },
    context.times,
  )
  await context.say(`[kubeconfig] Writing "${file}" kubeconfig file`)
}

async function preflight(context: Context, config: Configuration): Promise<void> {
  await context.say('[preflight] Running pre-flight checks')
  const errors: string[] = []
  for (const name of ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd']) {
    const path = `${MANIFESTS}/${name}.yaml`
    if (context.files.exists(path))
      errors.push(`[ERROR FileAvailable--etc-kubernetes-manifests-${name}.yaml]: ${path} already exists`)
  }
  for (const port of [config.bindPort, 10259, 10257, 10250, 2379, 2380]) {
    if (context.machines.options.network.listening(context.node.address, port))
      errors.push(`[ERROR Port-${port}]: Port ${port} is in use`)
  }
  const data = context.files.find('/var/lib/etcd')
  if (data?.kind === 'directory' && data.children.size > 0)
    errors.push('[ERROR DirAvailable--var-lib-etcd]: /var/lib/etcd is not empty')
  if (!context.node.runtimeUp)
    errors.push(
      '[ERROR CRI]: could not connect to the container runtime: failed to create new CRI runtime service: validate service connection: validate CRI v1 runtime API for endpoint "unix:///var/run/containerd/containerd.sock": rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /var/run/containerd/containerd.sock: connect: no such file or directory"',
    )
  if (errors.length > 0)
    throw new KubeadmError(
      `[preflight] Some fatal errors occurred:\n\t${errors.join('\n\t')}\n[preflight] If you know what you are doing, you can make a check non-fatal with \`--ignore-preflight-errors=...\``,
    )
  await context.say('[preflight] Pulling images required for setting up a Kubernetes cluster')
  await context.say(
    '[preflight] This might take a minute or two, depending on the speed of your internet connection',
  )
  await context.say(
    "[preflight] You can also perform this action beforehand using 'kubeadm config images pull'",
  )
}

/** Makes what is missing of the certificates; gives the cluster's authority. */
export async function makeCertificates(context: Context, config: Configuration) {
  const { files, times } = context
  for (const { file, commonName } of AUTHORITIES)
    await authorityOf(files, file, commonName, times, () =>
      context.say(`[certs] Generating "${file}" certificate and key`),
    )
  for (const leaf of LEAVES) {
    if (files.exists(`${PKI}/${leaf.file}.crt`)) {
      await context.say(`[certs] Using existing ${leaf.file} certificate and key on disk`)
      continue
    }
    await makeLeaf(files, leaf, config, times)
    await context.say(`[certs] Generating "${leaf.file}" certificate and key`)
    const names = leaf.names?.(config)
    if (names) {
      const dns = names.filter((name) => !/^[\d.:]+$/.test(name))
      const addresses = names.filter((name) => /^[\d.:]+$/.test(name))
      await context.say(
        `[certs] ${leaf.file} serving cert is signed for DNS names [${dns.join(' ')}] and IPs [${addresses.join(' ')}]`,
      )
    }
  }
  await makeServiceAccountKey(files, times)
  await context.say('[certs] Generating "sa" key and public key')
  return authorityOf(files, 'ca', 'kubernetes', times)
}

/** Configures and starts the kubelet of the machine. */
export async function startKubelet(
  context: Context,
  config: Configuration,
  taints: Node['spec']['taints'],
): Promise<void> {
  const flags = [
    ...config.kubeletExtraArgs.map(({ name, value }) => `--${name}=${value}`),
    ...((taints ?? []).length > 0
      ? [
          `--register-with-taints=${taints!.map(({ key, value, effect }) => `${key}=${value ?? ''}:${effect}`).join(',')}`,
        ]
      : []),
  ]
  context.write('/var/lib/kubelet/kubeadm-flags.env', `KUBELET_KUBEADM_ARGS="${flags.join(' ')}"\n`)
  await context.say(
    '[kubelet-start] Writing kubelet environment file with flags to file "/var/lib/kubelet/kubeadm-flags.env"',
  )
  context.write('/var/lib/kubelet/config.yaml', ownKubeletConfigurationText(config))
  await context.say('[kubelet-start] Writing kubelet configuration to file "/var/lib/kubelet/config.yaml"')
  await context.say('[kubelet-start] Starting the kubelet')
  await context.node.systemd?.stop('kubelet.service')
  await context.node.systemd?.start('kubelet.service')
}

export async function markControlPlane(context: Context, config: Configuration): Promise<void> {
  const cluster = await context.cluster('/etc/kubernetes/admin.conf')
  const labels = [
    'node-role.kubernetes.io/control-plane',
    'node.kubernetes.io/exclude-from-external-load-balancers',
  ]
  const name = config.nodeName
  const find = () => cluster.client.get<Node>('nodes', '', name)
  if (!(await context.until(() => find() !== undefined, WAIT_MS)))
    throw new KubeadmError(
      `error execution phase mark-control-plane: nodes ${JSON.stringify(name)} not found`,
    )
  await context.say(
    `[mark-control-plane] Marking the node ${name} as control-plane by adding the labels: [${labels.join(' ')}]`,
  )
  const wanted = config.taints ?? [CONTROL_PLANE_TAINT]
  await context.say(
    `[mark-control-plane] Marking the node ${name} as control-plane by adding the taints [${wanted.map(({ key, effect }) => `${key}:${effect}`).join(' ')}]`,
  )
  const found = find()!
  const taints = [
    ...(found.spec.taints ?? []).filter(({ key }) => !wanted.some((taint) => taint.key === key)),
    ...wanted,
  ]
  const metadata = {
    ...found.metadata,
    labels: { ...found.metadata.labels, ...Object.fromEntries(labels.map((label) => [label, ''])) },
    annotations: {
      ...found.metadata.annotations,
      'kubeadm.alpha.kubernetes.io/cri-socket': 'unix:///run/containerd/containerd.sock',
    },
  }
  cluster.client.as('kubeadm').update<Node>('nodes', { ...found, metadata, spec: { ...found.spec, taints } })
}

/** A fresh bootstrap token. */
export function makeToken({ machines }: Context): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
  const { ids } = machines.options.world
  return `${ids.text(6, letters)}.${ids.text(16, letters)}`
}

const duration = (ms: number) => `${(ms / 1000).toFixed(6).replace(/0+$/, '').replace(/\.$/, '')}s`

const KUBELET_UNHEALTHY = `The HTTP call equal to 'curl -sSL http://127.0.0.1:10248/healthz' returned error: Get "http://127.0.0.1:10248/healthz": dial tcp 127.0.0.1:10248: connect: connection refused

Unfortunately, an error has occurred, likely caused by:
	- The kubelet is not running
	- The kubelet is unhealthy due to a misconfiguration of the node in some way (required cgroups disabled)

If you are on a systemd-powered system, you can try to troubleshoot the error with the following commands:
	- 'systemctl status kubelet'
	- 'journalctl -xeu kubelet'`

const BOOTSTRAP_LINES = [
  'Configuring bootstrap tokens, cluster-info ConfigMap, RBAC Roles',
  'Configured RBAC rules to allow Node Bootstrap tokens to get nodes',
  'Configured RBAC rules to allow Node Bootstrap tokens to post CSRs in order for nodes to get long term certificate credentials',
  'Configured RBAC rules to allow the csrapprover controller automatically approve CSRs from a Node Bootstrap Token',
  'Configured RBAC rules to allow certificate rotation for all node client certificates in the cluster',
  'Creating the "cluster-info" ConfigMap in the "kube-public" namespace',
]

const farewell = (config: Configuration, token: string, hash: string) => `
Your Kubernetes control-plane has initialized successfully!

To start using your cluster, you need to run the following as a regular user:

  mkdir -p $HOME/.kube
  sudo cp -i /etc/kubernetes/admin.conf $HOME/.kube/config
  sudo chown $(id -u):$(id -g) $HOME/.kube/config

Alternatively, if you are the root user, you can run:

  export KUBECONFIG=/etc/kubernetes/admin.conf

You should now deploy a pod network to the cluster.
Run "kubectl apply -f [podnetwork].yaml" with one of the options listed at:
  https://kubernetes.io/docs/concepts/cluster-administration/addons/

Then you can join any number of worker nodes by running the following on each as root:

kubeadm join ${endpointOf(config)} --token ${token} \\
	--discovery-token-ca-cert-hash ${hash} `
