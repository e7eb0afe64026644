import { writeConsole } from '../ec2/console.ts'
import type { InstanceRecord, Scope } from '../ec2/index.ts'
import { type NodeConfig, NoNode, readNodeConfig } from './node-config.ts'
import type { ClusterRecord } from './records.ts'
import { clusters } from './tables.ts'

/** The cluster that a machine's user data leads it to, with the configuration; undefined, with the reason on its console, when it is none. */
export function bootOf(
  scope: Scope,
  instance: InstanceRecord,
): { cluster: ClusterRecord; config: NodeConfig } | undefined {
  const config = configOf(scope, instance)
  const cluster = config && clusterOf(scope, instance, config)
  return cluster && { cluster, config }
}

function configOf(scope: Scope, instance: InstanceRecord): NodeConfig | undefined {
  try {
    return readNodeConfig(instance.userData)
  } catch (error) {
    if (!(error instanceof NoNode)) throw error
    const isScript = error.message.includes('bootstrap.sh')
    const line = isScript
      ? error.message
      : `nodeadm: {"level":"fatal","msg":"Command failed","error":${JSON.stringify(error.message)}}`
    writeConsole(scope, instance.id, line)
    return undefined
  }
}

/** The cluster behind the configuration's endpoint, if its authority is the one given. */
function clusterOf(scope: Scope, instance: InstanceRecord, config: NodeConfig): ClusterRecord | undefined {
  const say = (error: string): undefined => {
    writeConsole(
      scope,
      instance.id,
      `kubelet: "Unable to register node with API server" err=${JSON.stringify(`Post "${config.apiServerEndpoint}/api/v1/nodes": ${error}`)} node="${instance.privateDnsName}"`,
    )
  }
  const cluster = clusters
    .list(scope)
    .find(({ endpoint, status }) => status !== 'CREATING' && endpoint === config.apiServerEndpoint)
  if (!cluster) {
    const host = config.apiServerEndpoint.replace(/^https:\/\//, '')
    return say(`dial tcp: lookup ${host} on 169.254.169.253:53: no such host`)
  }
  if (Buffer.from(config.certificateAuthority, 'base64').toString().trim() !== cluster.caCertificate.trim()) {
    return say('tls: failed to verify certificate: x509: certificate signed by unknown authority')
  }
  return cluster
}
