import type { MachineCluster } from '../cluster.ts'
import type { Ensemble } from '../etcd/ensemble.ts'
import type { Configuration } from './configuration.ts'
import { type Context, KubeadmError } from './context.ts'
import { makeCertificates, writeKubeconfig } from './init.ts'
import { MANIFESTS, manifestsOf } from './manifests.ts'
import { PKI } from './pki.ts'

// A further control plane of a cluster with etcd beside each API server. Models cmd/kubeadm/app/phases/{controlplane,etcd} and app/cmd/phases/join.

/** What the control planes of a cluster have in common, and somebody must have copied. */
const SHARED = [
  ['ca', 'certificate for CA'],
  ['front-proxy-ca', 'certificate for front-proxy CA'],
  ['etcd/ca', 'certificate for etcd CA'],
] as const
const COMPONENTS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler']
/** How long a new member may take to start and to catch up, ms. */
const WAIT_MS = 240_000

/** Certificates, kubeconfigs and manifests of a control plane that joins. Throws KubeadmError when the shared keys are not there. */
export async function prepareControlPlane(context: Context, config: Configuration): Promise<void> {
  const missing = SHARED.filter(([file]) => !context.files.exists(`${PKI}/${file}.key`)).map(
    ([file, what]) =>
      `failure loading ${what}: couldn't load the certificate file ${PKI}/${file}.crt: open ${PKI}/${file}.crt: no such file or directory`,
  )
  if (!context.files.exists(`${PKI}/sa.key`))
    missing.push(
      `failure loading key for service account: couldn't load the private key file ${PKI}/sa.key: open ${PKI}/sa.key: no such file or directory`,
    )
  if (!config.controlPlaneEndpoint)
    missing.push(
      "unable to add a new control plane instance to a cluster that doesn't have a stable controlPlaneEndpoint address",
    )
  if (missing.length > 0)
    throw new KubeadmError(
      `error execution phase preflight: \nOne or more conditions for hosting a new control plane instance is not satisfied.\n\n[${missing.join(', ')}]\n\nPlease ensure that:\n* The cluster has a stable controlPlaneEndpoint address.\n* The certificates that must be shared among control plane instances are provided.\n\n`,
    )
  await context.say(`[certs] Using certificateDir folder "${PKI}"`)
  await makeCertificates(context, config)
  await context.say('[kubeconfig] Generating kubeconfig files')
  await context.say('[kubeconfig] Using kubeconfig folder "/etc/kubernetes"')
  for (const file of ['admin.conf', 'controller-manager.conf', 'scheduler.conf'])
    await writeKubeconfig(context, config, file)
  const manifests = manifestsOf(config)
  await context.say(`[control-plane] Using manifest folder "${MANIFESTS}"`)
  for (const name of COMPONENTS) {
    context.write(`${MANIFESTS}/${name}.yaml`, manifests[`${name}.yaml`]!, 0o600)
    await context.say(`[control-plane] Creating static Pod manifest for "${name}"`)
  }
}

/** Adds an etcd to the cluster's, and waits for the control plane that hangs on it. Throws KubeadmError. */
export async function startControlPlane(
  context: Context,
  config: Configuration,
  cluster: MachineCluster,
): Promise<void> {
  const { machines, node } = context
  await context.say('[check-etcd] Checking that the etcd cluster is healthy')
  const ensemble = machines.ensemble(cluster.uid)
  if (ensemble.leader === undefined)
    throw new KubeadmError(
      'error execution phase check-etcd: etcd cluster is not healthy: context deadline exceeded',
    )
  const peerUrl = `https://${config.advertiseAddress}:2380`
  const member = addMember(ensemble, peerUrl)
  await context.say('[etcd] Announced new etcd member joining to the existing etcd cluster')
  const initialCluster = ensemble.members
    .flatMap(({ name, peerUrls }) => peerUrls.map((url) => `${name || config.nodeName}=${url}`))
    .join(',')
  context.write(`${MANIFESTS}/etcd.yaml`, manifestsOf(config, initialCluster)['etcd.yaml']!, 0o600)
  await context.say(`[etcd] Creating static Pod manifest for "etcd"`)
  await context.say('[etcd] Waiting for the new etcd member to join the cluster. This can take up to 40s')
  if (!(await context.until(() => ensemble.runs(member), WAIT_MS)))
    throw new KubeadmError(
      'error execution phase etcd-join: error creating local etcd static pod manifest file: timeout waiting for etcd cluster to be available',
    )
  ensemble.change(member, { learner: false })
  if (
    !(await context.until(
      () => machines.listeningAt(`${node.address}:${config.bindPort}`) !== undefined,
      WAIT_MS,
    ))
  )
    throw new KubeadmError(
      `error execution phase wait-control-plane: failed while waiting for the control plane to start: kube-apiserver check failed at https://${config.advertiseAddress}:${config.bindPort}/livez: context deadline exceeded`,
    )
}

/** A member joins as a learner, so that it counts for no quorum before it has the data. */
function addMember(ensemble: Ensemble, peerUrl: string): string {
  const known = ensemble.memberAt(peerUrl)
  if (known) return known.id
  try {
    return ensemble.add([peerUrl], true).id
  } catch (error) {
    throw new KubeadmError(
      `error execution phase etcd-join: error adding member: ${(error as Error).message}`,
    )
  }
}

/** `kubeadm reset` of a control plane takes its etcd out of the others. */
export async function leaveEtcd(context: Context): Promise<void> {
  for (const ensemble of context.machines.ensembles()) {
    const own = ensemble.members.find(({ machine, lost }) => machine === context.node.name && !lost)
    if (!own || ensemble.members.length === 1 || ensemble.leader === undefined) continue
    ensemble.remove(own.id)
    await context.say('[reset] Removed the etcd member of this node from the cluster')
  }
}

export const CONTROL_PLANE_JOINED = `
This node has joined the cluster and a new control plane instance was created:

* Certificate signing request was sent to apiserver and approval was received.
* The Kubelet was informed of the new secure connection details.
* Control plane label and taint were applied to the new node.
* The Kubernetes control plane instances scaled up.
* A new etcd member was added to the local/stacked etcd cluster.

To start administering your cluster from this node, you need to run the following as a regular user:

	mkdir -p $HOME/.kube
	sudo cp -i /etc/kubernetes/admin.conf $HOME/.kube/config
	sudo chown $(id -u):$(id -g) $HOME/.kube/config

Run 'kubectl get nodes' to see this node join the cluster.
`
