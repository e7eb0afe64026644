import { DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr'
import { DescribeClusterCommand, EKSClient, ListNodegroupsCommand } from '@aws-sdk/client-eks'
import {
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  ElasticLoadBalancingClient,
} from '@aws-sdk/client-elastic-load-balancing'
import { IAMClient, paginateListRoles } from '@aws-sdk/client-iam'
import { CoreV1Api } from '@kubernetes/client-node'
import { type CheckContext, unlessMissing } from '#checks/checker.ts'
import { CLUSTER, LESSONS, REPOSITORY } from './names.ts'

/** DescribeTags takes so many names at once. */
const TAGS_BATCH = 20

/** Nothing of the lab is left: first what must go before the rest, then what keeps costing. */
export async function cleanUp(t: CheckContext): Promise<void> {
  await expectNoCluster(t)
  await expectNoLoadBalancer(t)
  await expectNoRepository(t)
  await expectNoRoles(t)
}

async function expectNoCluster(t: CheckContext): Promise<void> {
  const eks = t.aws(EKSClient)
  const answer = await unlessMissing(
    eks.send(new DescribeClusterCommand({ name: CLUSTER })),
    'ResourceNotFoundException',
  )
  const cluster = answer?.cluster
  if (cluster?.status === 'ACTIVE') {
    await expectNoPublicService(t)
    const { nodegroups = [] } = await eks.send(new ListNodegroupsCommand({ clusterName: CLUSTER }))
    t.expect(nodegroups.length === 0, {
      id: 'nodegroup-left',
      title: 'The node group is deleted',
      expected: 'no node group; its instances go with it',
      observed: `node groups: ${nodegroups.join(', ')}`,
      evidence: `aws eks list-nodegroups --cluster-name ${CLUSTER}`,
      cause: 'A cluster with node groups cannot be deleted, and its instances cost by the second.',
      hint: `aws eks delete-nodegroup --cluster-name ${CLUSTER} --nodegroup-name ${nodegroups[0]}`,
      lesson: LESSONS.cost,
    })
  }
  t.expect(cluster === undefined, {
    id: 'cluster-left',
    title: 'The cluster is deleted',
    expected: `no cluster ${CLUSTER}`,
    observed: `status ${cluster?.status}`,
    evidence: 'aws eks list-clusters',
    cause:
      cluster?.status === 'DELETING'
        ? 'AWS is taking it down.'
        : 'The control plane costs 0.10 USD an hour even without nodes.',
    hint:
      cluster?.status === 'DELETING'
        ? `aws eks wait cluster-deleted --name ${CLUSTER}`
        : `aws eks delete-cluster --name ${CLUSTER}`,
    lesson: LESSONS.cost,
  })
}

async function expectNoPublicService(t: CheckContext): Promise<void> {
  const access = await t.kubernetes(CLUSTER)
  const { items } = await access.makeApiClient(CoreV1Api).listServiceForAllNamespaces()
  const left = items
    .filter(({ spec }) => spec?.type === 'LoadBalancer')
    .map(({ metadata }) => metadata!.name!)
  t.expect(left.length === 0, {
    id: 'service-left',
    title: 'No Service keeps a load balancer',
    expected: 'no Service of type LoadBalancer',
    observed: `Services: ${left.join(', ')}`,
    evidence: 'kubectl get services --all-namespaces',
    cause:
      'Only the cluster removes a load balancer that it made. Without the cluster it would stay and cost.',
    hint: `Delete it before anything else: kubectl delete service ${left[0]}`,
    lesson: LESSONS.cost,
  })
}

async function expectNoLoadBalancer(t: CheckContext): Promise<void> {
  const elb = t.aws(ElasticLoadBalancingClient)
  const { LoadBalancerDescriptions = [] } = await elb.send(new DescribeLoadBalancersCommand({}))
  const names = LoadBalancerDescriptions.map(({ LoadBalancerName }) => LoadBalancerName!)
  const left: string[] = []
  for (let start = 0; start < names.length; start += TAGS_BATCH) {
    const LoadBalancerNames = names.slice(start, start + TAGS_BATCH)
    const { TagDescriptions = [] } = await elb.send(new DescribeTagsCommand({ LoadBalancerNames }))
    for (const { LoadBalancerName, Tags = [] } of TagDescriptions) {
      if (Tags.some(({ Key }) => Key === `kubernetes.io/cluster/${CLUSTER}`)) left.push(LoadBalancerName!)
    }
  }
  t.expect(left.length === 0, {
    id: 'orphaned-load-balancer',
    title: 'No load balancer is left over',
    expected: `no load balancer of the cluster ${CLUSTER}`,
    observed: `still there: ${left.join(', ')}`,
    evidence: "aws elb describe-load-balancers --query 'LoadBalancerDescriptions[].LoadBalancerName'",
    cause:
      'The cluster was deleted before its Service, so nothing was left that could remove the load balancer.',
    hint: `aws elb delete-load-balancer --load-balancer-name ${left[0]}`,
    lesson: LESSONS.cost,
  })
}

async function expectNoRepository(t: CheckContext): Promise<void> {
  const answer = await unlessMissing(
    t.aws(ECRClient).send(new DescribeRepositoriesCommand({ repositoryNames: [REPOSITORY] })),
    'RepositoryNotFoundException',
  )
  t.expect(!answer?.repositories?.length, {
    id: 'repository-left',
    title: 'The repository is deleted',
    expected: `no repository ${REPOSITORY}`,
    observed: 'it is still there',
    evidence: "aws ecr describe-repositories --query 'repositories[].repositoryName'",
    cause: 'A repository that has images is deleted only with --force; stored images cost by size.',
    hint: `aws ecr delete-repository --repository-name ${REPOSITORY} --force`,
    lesson: LESSONS.cost,
  })
}

/** Roles cost nothing, but what nobody uses should not be there to be misused. */
async function expectNoRoles(t: CheckContext): Promise<void> {
  const left: string[] = []
  for await (const { Roles = [] } of paginateListRoles({ client: t.aws(IAMClient) }, {})) {
    for (const { RoleName } of Roles) {
      if (RoleName!.startsWith(`${CLUSTER}-`) || RoleName!.startsWith(`eksctl-${CLUSTER}-`))
        left.push(RoleName!)
    }
  }
  t.expect(left.length === 0, {
    id: 'role-left',
    title: 'The roles are deleted',
    expected: `no role whose name begins with ${CLUSTER}-`,
    observed: `roles: ${left.join(', ')}`,
    evidence: `aws iam list-roles --query "Roles[?starts_with(RoleName, '${CLUSTER}-')].RoleName"`,
    cause: 'A role with attached policies cannot be deleted.',
    hint: `aws iam list-attached-role-policies --role-name ${left[0]}; detach each, then delete the role`,
    lesson: LESSONS.roles,
  })
}
