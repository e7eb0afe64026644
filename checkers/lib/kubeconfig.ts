import type { Cluster } from '@aws-sdk/client-eks'
import { parse } from 'yaml'
import type { CheckContext } from '#checks/checker.ts'

interface Kubeconfig {
  'current-context'?: string
  contexts?: { name: string; context: { cluster: string } }[]
  clusters?: { name: string; cluster: { server: string } }[]
}

/** The current context of the learner's kubeconfig leads to a cluster of EKS (`no-kubeconfig`). */
export async function expectKubeconfig(t: CheckContext, { name, endpoint }: Cluster): Promise<void> {
  const server = currentServer(await t.files.read('.kube/config'))
  t.expect(server?.toLowerCase() === endpoint?.toLowerCase(), {
    id: 'no-kubeconfig',
    title: 'kubectl is connected to the cluster',
    expected: `a kubeconfig whose current context leads to ${endpoint}`,
    observed: server ? `it leads to ${server}` : 'there is no kubeconfig with a current context',
    evidence: "kubectl config view --minify --output jsonpath='{.clusters[0].cluster.server}'",
    cause: 'kubectl does not know AWS. It reads the file ~/.kube/config, which nobody has written yet.',
    hint: `Let the AWS CLI write it: aws eks update-kubeconfig --name ${name}`,
  })
}

function currentServer(text: string | undefined): string | undefined {
  if (!text) return undefined
  try {
    const config = parse(text) as Kubeconfig
    const context = config.contexts?.find(({ name }) => name === config['current-context'])
    return config.clusters?.find(({ name }) => name === context?.context.cluster)?.cluster.server
  } catch {
    return undefined
  }
}
