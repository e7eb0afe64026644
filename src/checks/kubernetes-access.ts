import type { Cluster } from '@aws-sdk/client-eks'
import type { STSClient } from '@aws-sdk/client-sts'
import { KubeConfig } from '@kubernetes/client-node'
import { HttpRequest } from '@smithy/core/protocols'
import { SignatureV4 } from '@smithy/signature-v4'
import { environmentProxy } from './environment-proxy.ts'
import type { Target } from './target.ts'

const TOKEN_PREFIX = 'k8s-aws-v1.'
const PRESIGN_SECONDS = 60

/**
 * Access to an EKS cluster with an IAM token, as `aws eks get-token` makes it.
 * https://docs.aws.amazon.com/eks/latest/userguide/cluster-auth.html
 */
export async function eksKubeConfig(cluster: Cluster, sts: STSClient, target: Target): Promise<KubeConfig> {
  const config = new KubeConfig()
  const server = cluster.endpoint ?? ''
  const proxyUrl = target.kind === 'simulated' ? target.proxyUrl : environmentProxy(server)
  config.loadFromClusterAndUser(
    {
      name: cluster.name!,
      server,
      caData: cluster.certificateAuthority?.data,
      skipTLSVerify: false,
      ...(proxyUrl && { proxyUrl }),
    },
    { name: 'check', token: await eksToken(cluster.name!, sts) },
  )
  return config
}

/** Access by a kubeconfig file; the default one of kubectl when no file is given. */
export function fileKubeConfig(file?: string, context?: string): KubeConfig {
  const config = new KubeConfig()
  if (file) config.loadFromFile(file)
  else config.loadFromDefault()
  if (context) config.setCurrentContext(context)
  return throughEnvironmentProxy(config)
}

/**
 * Access by one context of a kubeconfig's text, as the file says: with its credential programs and files. For a file of the person
 * who runs the check; `world-kubeconfig.ts` is for all others. Undefined when it has no context of that name.
 */
export function contextKubeConfig(text: string, context: string): KubeConfig | undefined {
  const config = new KubeConfig()
  config.loadFromString(text)
  if (!config.getContextObject(context)) return undefined
  config.setCurrentContext(context)
  return throughEnvironmentProxy(config)
}

/** The client, unlike kubectl, does not look at the environment by itself. */
function throughEnvironmentProxy(config: KubeConfig): KubeConfig {
  config.clusters = config.clusters.map((cluster) => {
    const proxyUrl = cluster.proxyUrl ?? environmentProxy(cluster.server)
    return proxyUrl ? { ...cluster, proxyUrl } : cluster
  })
  return config
}

/** A presigned `sts:GetCallerIdentity` that names the cluster in a signed header. */
async function eksToken(clusterName: string, sts: STSClient): Promise<string> {
  const region = await sts.config.region()
  const hostname = `sts.${region}.amazonaws.com`
  const signer = new SignatureV4({
    service: 'sts',
    region,
    credentials: sts.config.credentials,
    sha256: sts.config.sha256,
  })
  const request = new HttpRequest({
    method: 'GET',
    protocol: 'https:',
    hostname,
    path: '/',
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { host: hostname, 'x-k8s-aws-id': clusterName },
  })
  const { query } = await signer.presign(request, { expiresIn: PRESIGN_SECONDS })
  const url = `https://${hostname}/?${new URLSearchParams(query as Record<string, string>)}`
  return TOKEN_PREFIX + Buffer.from(url).toString('base64url')
}
