import type { CheckContext } from '../checker.ts'
import type { Rule } from './rule.ts'

/** A thing that a rule is about. */
export interface Ruled {
  name: string
  tags: Record<string, string>
}

/** How the things of each kind are found, and the command that shows them. */
interface Kind {
  list(t: CheckContext): Promise<Ruled[]>
  evidence: string
}

export const KINDS: Record<Rule['resource'], Kind> = {
  'ecr:repository': {
    evidence: 'aws ecr describe-repositories',
    async list(t) {
      const { DescribeRepositoriesCommand, ECRClient, ListTagsForResourceCommand } = await import(
        '@aws-sdk/client-ecr'
      )
      const ecr = t.aws(ECRClient)
      const { repositories = [] } = await ecr.send(new DescribeRepositoriesCommand({ maxResults: 1000 }))
      return Promise.all(
        repositories.map(async ({ repositoryName, repositoryArn }) => {
          const { tags = [] } = await ecr.send(new ListTagsForResourceCommand({ resourceArn: repositoryArn }))
          return {
            name: repositoryName!,
            tags: Object.fromEntries(tags.map(({ Key, Value }) => [Key!, Value!])),
          }
        }),
      )
    },
  },
  'eks:cluster': {
    evidence: 'aws eks list-clusters',
    async list(t) {
      const { DescribeClusterCommand, EKSClient, ListClustersCommand } = await import('@aws-sdk/client-eks')
      const eks = t.aws(EKSClient)
      const { clusters = [] } = await eks.send(new ListClustersCommand({}))
      return Promise.all(
        clusters.map(async (name) => {
          const { cluster } = await eks.send(new DescribeClusterCommand({ name }))
          return { name, tags: cluster?.tags ?? {} }
        }),
      )
    },
  },
  'eks:nodegroup': {
    evidence: 'aws eks list-nodegroups --cluster-name …',
    async list(t) {
      const { DescribeNodegroupCommand, EKSClient, ListClustersCommand, ListNodegroupsCommand } =
        await import('@aws-sdk/client-eks')
      const eks = t.aws(EKSClient)
      const { clusters = [] } = await eks.send(new ListClustersCommand({}))
      const groups = await Promise.all(
        clusters.map(async (clusterName) => {
          const { nodegroups = [] } = await eks.send(new ListNodegroupsCommand({ clusterName }))
          return Promise.all(
            nodegroups.map(async (nodegroupName) => {
              const { nodegroup } = await eks.send(
                new DescribeNodegroupCommand({ clusterName, nodegroupName }),
              )
              return { name: nodegroupName, tags: nodegroup?.tags ?? {} }
            }),
          )
        }),
      )
      return groups.flat()
    },
  },
  'ecs:cluster': {
    evidence: 'aws ecs list-clusters',
    async list(t) {
      const { DescribeClustersCommand, ECSClient, ListClustersCommand } = await import('@aws-sdk/client-ecs')
      const ecs = t.aws(ECSClient)
      const { clusterArns = [] } = await ecs.send(new ListClustersCommand({}))
      if (clusterArns.length === 0) return []
      const { clusters = [] } = await ecs.send(
        new DescribeClustersCommand({ clusters: clusterArns, include: ['TAGS'] }),
      )
      return clusters
        .filter(({ status }) => status === 'ACTIVE')
        .map(({ clusterName, tags = [] }) => ({
          name: clusterName!,
          tags: Object.fromEntries(tags.map(({ key, value }) => [key!, value!])),
        }))
    },
  },
}
