import type { Cluster } from '@aws-sdk/client-eks'
import type { Clients } from './clients.ts'
import { EksctlError, type Log } from './log.ts'

/** The issuer of a cluster's service-account tokens, without its scheme. */
export const issuerOf = (cluster: Cluster): string =>
  cluster.identity?.oidc?.issuer?.replace('https://', '') ?? ''

/** The IAM identity provider of a cluster; undefined: there is none. */
export async function findProvider({ iam }: Clients, cluster: Cluster): Promise<string | undefined> {
  const { OpenIDConnectProviderList = [] } = await iam.listOpenIDConnectProviders({})
  return OpenIDConnectProviderList.find(({ Arn }) => Arn?.endsWith(`oidc-provider/${issuerOf(cluster)}`))?.Arn
}

/** Makes IAM trust the tokens of a cluster's service accounts; gives the provider's ARN. */
export async function associateProvider(clients: Clients, log: Log, cluster: Cluster): Promise<string> {
  const present = await findProvider(clients, cluster)
  if (present !== undefined) {
    log.info(
      `IAM Open ID Connect provider is already associated with cluster "${cluster.name}" in "${clients.region}"`,
    )
    return present
  }
  log.info(`will create IAM Open ID Connect provider for cluster "${cluster.name}" in "${clients.region}"`)
  const { OpenIDConnectProviderArn } = await clients.iam.createOpenIDConnectProvider({
    Url: cluster.identity?.oidc?.issuer,
    ClientIDList: ['sts.amazonaws.com'],
    Tags: [{ Key: 'alpha.eksctl.io/cluster-name', Value: cluster.name }],
  })
  log.success(`created IAM Open ID Connect provider for cluster "${cluster.name}" in "${clients.region}"`)
  return OpenIDConnectProviderArn!
}

/** Throws EksctlError when the cluster has no identity provider. */
export async function requireProvider(clients: Clients, cluster: Cluster): Promise<string> {
  const provider = await findProvider(clients, cluster)
  if (provider === undefined)
    throw new EksctlError(
      `unable to create iamserviceaccount(s) without IAM OIDC provider enabled: run 'eksctl utils associate-iam-oidc-provider --region=${clients.region} --cluster=${cluster.name} --approve'`,
    )
  return provider
}

export async function deleteProvider(clients: Clients, cluster: Cluster): Promise<void> {
  const provider = await findProvider(clients, cluster)
  if (provider !== undefined)
    await clients.iam.deleteOpenIDConnectProvider({ OpenIDConnectProviderArn: provider })
}
