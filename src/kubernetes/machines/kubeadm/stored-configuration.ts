import type { KubernetesObject } from '../../api.ts'
import type { MachineCluster } from '../cluster.ts'
import { type Configuration, readConfiguration } from './configuration.ts'
import { type Context, KubeadmError } from './context.ts'

type ConfigMap = KubernetesObject & { data?: Record<string, string> }

/** What kubeadm has noted of a cluster, as it concerns this machine. Throws KubeadmError when the API server does not answer. */
export async function storedConfiguration(context: Context, kubeconfig?: string): Promise<Configuration> {
  const { client } = await context.cluster(kubeconfig)
  return read(context, client)
}

function read(context: Context, client: MachineCluster['client'] | undefined): Configuration {
  const found = client?.get<ConfigMap>('configmaps', 'kube-system', 'kubeadm-config')
  const { address, hostname } = context.process.machine
  const text = found?.data?.ClusterConfiguration ?? ''
  return readConfiguration(text, { version: context.version, address, hostname })
}

/**
 * The same for a command that must also work without an API server, which says where it looks. Models `getInternalCfg` in
 * cmd/kubeadm/app/cmd/certs.go.
 */
export async function announcedConfiguration(context: Context, command: string): Promise<Configuration> {
  const prefix = `[${command}]`
  const place = 'the "kubeadm-config" ConfigMap in namespace "kube-system"'
  await context.say(`${prefix} Reading configuration from ${place}...`)
  try {
    const config = await storedConfiguration(context)
    const again = "'kubeadm init phase upload-config kubeadm --config your-config-file'"
    await context.say(`${prefix} Use ${again} to re-upload it.\n`)
    return config
  } catch (error) {
    if (!(error instanceof KubeadmError)) throw error
    const fallback = 'Falling back to default configuration'
    await context.say(`${prefix} Error reading configuration from the Cluster. ${fallback}\n`)
    return read(context, undefined)
  }
}
