import {
  type Cluster,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  EKSClient,
  ListClustersCommand,
  ListNodegroupsCommand,
  type Nodegroup,
} from '@aws-sdk/client-eks'
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { CoreV1Api, type V1Node } from '@kubernetes/client-node'
import { type CheckContext, unlessMissing } from '#checks/checker.ts'
import { expectKubeconfig } from '../lib/kubeconfig.ts'
import { CLUSTER, CLUSTER_ROLE, LESSONS } from './names.ts'

const NODES = 2

/** The cluster runs with two nodes that are Ready, and kubectl knows it. */
export async function createCluster(t: CheckContext): Promise<void> {
  const cluster = await findCluster(t)
  t.expect(cluster.status === 'ACTIVE', {
    id: 'cluster-not-active',
    title: `The cluster ${CLUSTER} is ACTIVE`,
    expected: 'status ACTIVE',
    observed: `status ${cluster.status}`,
    evidence: `aws eks describe-cluster --name ${CLUSTER} --query cluster.status`,
    cause:
      cluster.status === 'CREATING'
        ? 'AWS needs about ten minutes to build a control plane; the lab shortens the wait.'
        : (cluster.health?.issues?.[0]?.message ?? 'The control plane could not be built.'),
    hint: `Wait for it with: aws eks wait cluster-active --name ${CLUSTER}`,
    lesson: LESSONS.controlPlane,
  })
  await expectNodegroup(t)
  await expectKubeconfig(t, cluster)
  await expectNodes(t)
}

async function findCluster(t: CheckContext): Promise<Cluster> {
  const eks = t.aws(EKSClient)
  const answer = await unlessMissing(
    eks.send(new DescribeClusterCommand({ name: CLUSTER })),
    'ResourceNotFoundException',
  )
  if (!answer) {
    await expectTrustedRole(t)
    const { clusters = [] } = await eks.send(new ListClustersCommand({}))
    t.expect(clusters.length === 0, {
      id: 'cluster-has-another-name',
      title: `The cluster has the name ${CLUSTER}`,
      expected: `a cluster named ${CLUSTER}`,
      observed: `clusters in this region: ${clusters.join(', ')}`,
      evidence: 'aws eks list-clusters',
      cause: 'The cluster was created under another name.',
      hint: `A cluster cannot be renamed. Delete it (aws eks delete-cluster --name ${clusters[0]}) and create ${CLUSTER}.`,
    })
  }
  return t.found(answer?.cluster, {
    id: 'no-cluster',
    title: `The cluster ${CLUSTER} exists`,
    expected: `a cluster named ${CLUSTER} in ${await t.region()}`,
    observed: 'there is no cluster in this region',
    evidence: 'aws eks list-clusters',
    cause: 'It was not created yet, or in another region.',
    hint: `Create the role ${CLUSTER_ROLE} first, then the cluster with aws eks create-cluster.`,
    lesson: LESSONS.controlPlane,
  })
}

/** Without a cluster the likeliest fault is a role that EKS may not use; EKS then refuses to create one. */
async function expectTrustedRole(t: CheckContext): Promise<void> {
  const answer = await unlessMissing(
    t.aws(IAMClient).send(new GetRoleCommand({ RoleName: CLUSTER_ROLE })),
    'NoSuchEntityException',
    'NoSuchEntity',
  )
  if (!answer) return
  const trust = decodeURIComponent(answer.Role!.AssumeRolePolicyDocument!)
  t.expect(trust.includes('eks.amazonaws.com'), {
    id: 'cluster-role-not-trusted',
    title: `The role ${CLUSTER_ROLE} may be used by EKS`,
    expected: 'a trust policy with the service eks.amazonaws.com',
    observed: `trusted: ${[...trust.matchAll(/[a-z0-9.-]+\.amazonaws\.com/g)].join(', ') || 'no service'}`,
    evidence: `aws iam get-role --role-name ${CLUSTER_ROLE} --query Role.AssumeRolePolicyDocument`,
    cause: 'The role was made with the trust policy of the nodes (EC2) instead of the cluster’s.',
    hint: `Replace it: aws iam update-assume-role-policy --role-name ${CLUSTER_ROLE} --policy-document file://cluster-trust.json`,
    lesson: LESSONS.roles,
  })
}

async function expectNodegroup(t: CheckContext): Promise<void> {
  const eks = t.aws(EKSClient)
  const { nodegroups = [] } = await eks.send(new ListNodegroupsCommand({ clusterName: CLUSTER }))
  const name = t.found(nodegroups[0], {
    id: 'no-nodegroup',
    title: 'The cluster has a managed node group',
    expected: 'one node group',
    observed: 'no node group',
    evidence: `aws eks list-nodegroups --cluster-name ${CLUSTER}`,
    cause: 'EKS makes a control plane only; nodes are a second step.',
    hint: 'Create the role harbor-node-role, then the node group with aws eks create-nodegroup.',
    lesson: LESSONS.nodes,
  })
  const all = await Promise.all(
    nodegroups.map((nodegroupName) =>
      eks.send(new DescribeNodegroupCommand({ clusterName: CLUSTER, nodegroupName })),
    ),
  )
  const active = all.find(({ nodegroup }) => nodegroup?.status === 'ACTIVE')?.nodegroup
  t.expect(active !== undefined, {
    id: 'nodegroup-not-active',
    title: 'The node group is ACTIVE',
    expected: 'status ACTIVE',
    observed: `${name}: status ${all[0]!.nodegroup!.status}`,
    evidence: `aws eks describe-nodegroup --cluster-name ${CLUSTER} --nodegroup-name ${name} --query "nodegroup.[status,health]"`,
    ...nodegroupTrouble(name, all[0]!.nodegroup!),
    lesson: LESSONS.nodes,
  })
}

function nodegroupTrouble(name: string, { status, health }: Nodegroup): { cause: string; hint: string } {
  const issue = health?.issues?.[0]
  const what = issue
    ? `${issue.code}: ${issue.message}`
    : 'Instances need a few minutes to start and join the cluster.'
  if (status !== 'CREATE_FAILED') {
    return {
      cause: what,
      hint: `Wait for it with: aws eks wait nodegroup-active --cluster-name ${CLUSTER} --nodegroup-name ${name}`,
    }
  }
  return {
    cause: `${what}. Usually the node role lacks one of its policies: AmazonEKSWorkerNodePolicy to join, AmazonEKS_CNI_Policy to become Ready.`,
    hint: `A node group that failed does not heal. Attach what its role lacks, then make the group again: aws eks delete-nodegroup --cluster-name ${CLUSTER} --nodegroup-name ${name}`,
  }
}

async function expectNodes(t: CheckContext): Promise<void> {
  const access = await t.kubernetes(CLUSTER)
  const { items } = await access.makeApiClient(CoreV1Api).listNode()
  const evidence = 'kubectl get nodes'
  t.expect(items.length >= NODES, {
    id: 'too-few-nodes',
    title: `The cluster has at least ${NODES} nodes`,
    expected: `${NODES} nodes`,
    observed: `${items.length} nodes`,
    evidence,
    cause: 'The node group’s desired size is smaller, or its instances have not joined yet.',
    hint: `Set the size: aws eks update-nodegroup-config --cluster-name ${CLUSTER} --nodegroup-name workers --scaling-config minSize=1,maxSize=3,desiredSize=${NODES}`,
    lesson: LESSONS.nodes,
  })
  const unready = items.filter((node) => !isReady(node))
  t.expect(unready.length === 0, {
    id: 'nodes-not-ready',
    title: 'All nodes are Ready',
    expected: 'condition Ready is True',
    observed: `not Ready: ${names(unready)}`,
    seen: names(items),
    evidence,
    cause: 'The kubelet has not reported yet, or the network plugin on the node does not run.',
    hint: `Look at the node’s conditions: kubectl describe node ${names(unready.slice(0, 1))}`,
    lesson: LESSONS.nodes,
  })
}

const isReady = (node: V1Node) =>
  node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false

const names = (nodes: V1Node[]) => nodes.map((node) => node.metadata!.name).join(', ')
