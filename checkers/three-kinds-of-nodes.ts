import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling'
import { EC2Client, GetConsoleOutputCommand } from '@aws-sdk/client-ec2'
import {
  DescribeFargateProfileCommand,
  EKSClient,
  ListAccessEntriesCommand,
  ListFargateProfilesCommand,
} from '@aws-sdk/client-eks'
import type { V1Node } from '@kubernetes/client-node'
import { type CheckContext, defineChecker } from '#checks/checker.ts'
import { expectAnswers } from './lib/answers.ts'
import { type Cluster, eksCluster, isReady, readyDeployment } from './lib/cluster.ts'
import { recordedNodes } from './lib/recorded.ts'

const CLUSTER = 'harbor'
const ROLE = 'own-node-role'
const NODEGROUP = 'eks.amazonaws.com/nodegroup'

const nodesOf = (cluster: Cluster, kind: string) => cluster.list<V1Node>('v1/Node', undefined, `kind=${kind}`)

const labelsOf = (node: V1Node) => node.metadata!.labels ?? {}

async function managed(t: CheckContext): Promise<void> {
  const nodes = await nodesOf(await eksCluster(t), 'managed')
  const evidence = `kubectl get nodes -L ${NODEGROUP},kind`
  t.expect(nodes.length > 0, {
    id: 'no-managed-node',
    title: 'There is a node with the label kind=managed',
    expected: 'one node',
    observed: 'none',
    evidence,
    cause: 'The group was not created, has no such label, or its node has not joined yet.',
    hint: `aws eks create-nodegroup --cluster-name ${CLUSTER} --nodegroup-name second --labels kind=managed …`,
  })
  const byHand = nodes.find((node) => [undefined, 'workers'].includes(labelsOf(node)[NODEGROUP]))
  t.expect(byHand === undefined, {
    id: 'label-not-of-group',
    title: 'It is the label of a group',
    expected: 'a node of a second managed group',
    observed: `${byHand?.metadata?.name} of ${byHand && labelsOf(byHand)[NODEGROUP] ? 'the group workers' : 'no group'}`,
    evidence,
    cause: 'The label was set on a node by hand. It goes when the node is replaced.',
    hint: `kubectl label node ${byHand?.metadata?.name} kind-, then make the group with --labels kind=managed`,
  })
  t.expect(nodes.some(isReady), {
    id: 'managed-node-not-ready',
    title: 'It is Ready',
    expected: 'Ready',
    observed: 'NotReady',
    evidence: 'kubectl get nodes',
    cause: 'The kubelet has not reported yet.',
    hint: `aws eks wait nodegroup-active --cluster-name ${CLUSTER} --nodegroup-name second`,
  })
}

async function ownNode(t: CheckContext): Promise<V1Node> {
  const { AutoScalingGroups = [] } = await t
    .aws(AutoScalingClient)
    .send(new DescribeAutoScalingGroupsCommand({}))
  const group = t.found(
    AutoScalingGroups.find(({ Tags = [] }) => !Tags.some(({ Key }) => Key === 'eks:nodegroup-name')),
    {
      id: 'no-own-group',
      title: 'You have an Auto Scaling group of your own',
      expected: 'a group that no managed node group made',
      observed: 'there are only those of the managed groups',
      evidence: `aws autoscaling describe-auto-scaling-groups --query 'AutoScalingGroups[].AutoScalingGroupName'`,
      cause: 'Nobody has started a machine yet.',
      hint: 'aws autoscaling create-auto-scaling-group --auto-scaling-group-name own --launch-template LaunchTemplateName=own …',
    },
  )
  const ready = (await nodesOf(await eksCluster(t), 'own')).find(isReady)
  const instance = group.Instances?.[0]?.InstanceId
  const said = ready || !instance ? '' : await lastWords(t, instance)
  const letIn = ready !== undefined || (await isLetIn(t))
  const evidence = `aws ec2 get-console-output --instance-id ${instance} --query Output --output text | tail -3`
  t.expect(letIn || !said.includes('Unauthorized'), {
    id: 'own-node-not-let-in',
    title: 'The cluster lets its role in',
    expected: `an access entry for ${ROLE}`,
    observed: 'none, and the machine says Unauthorized',
    evidence,
    cause: 'EKS makes access entries for the roles of managed groups only.',
    hint: `aws eks create-access-entry --cluster-name ${CLUSTER} --principal-arn <ARN of ${ROLE}> --type EC2_LINUX`,
  })
  return t.found(ready, {
    id: 'own-node-missing',
    title: 'Its machine has joined as a node',
    expected: 'a node with the label kind=own that is Ready',
    observed: said.trim() ? `none; the machine says: ${said.trim().split('\n').at(-1)}` : 'none',
    evidence,
    cause:
      'It is still starting, or its user data is wrong: the name, address or certificate of the cluster, or the label.',
    hint: 'Machines keep what they began with. Mend the launch template (a new version), then terminate the instance: the group starts another.',
  })
}

/** The end of what a machine wrote to its console. */
async function lastWords(t: CheckContext, instance: string): Promise<string> {
  const { Output = '' } = await t
    .aws(EC2Client)
    .send(new GetConsoleOutputCommand({ InstanceId: instance, Latest: true }))
  return Buffer.from(Output, 'base64').toString().trimEnd().split('\n').slice(-3).join('\n')
}

async function isLetIn(t: CheckContext): Promise<boolean> {
  const { accessEntries = [] } = await t
    .aws(EKSClient)
    .send(new ListAccessEntriesCommand({ clusterName: CLUSTER }))
  return accessEntries.some((arn) => arn.endsWith(`:role/${ROLE}`))
}

async function selfManaged(t: CheckContext): Promise<void> {
  const node = await ownNode(t)
  t.expect(!labelsOf(node)[NODEGROUP], {
    id: 'own-node-is-managed',
    title: 'EKS does not manage it',
    expected: `no label ${NODEGROUP}`,
    observed: labelsOf(node)[NODEGROUP] ?? '',
    seen: node.metadata!.name!,
    evidence: `kubectl get nodes -L ${NODEGROUP},kind`,
    cause: 'It belongs to a managed node group that gives it this label.',
    hint: 'Join a machine by its own user data, with the label in --node-labels.',
  })
}

async function fargate(t: CheckContext): Promise<void> {
  const eks = t.aws(EKSClient)
  const { fargateProfileNames = [] } = await eks.send(
    new ListFargateProfilesCommand({ clusterName: CLUSTER }),
  )
  const profiles = await Promise.all(
    fargateProfileNames.map((fargateProfileName) =>
      eks.send(new DescribeFargateProfileCommand({ clusterName: CLUSTER, fargateProfileName })),
    ),
  )
  t.expect(
    profiles.some(({ fargateProfile }) =>
      fargateProfile?.selectors?.some(({ namespace }) => namespace === 'serverless'),
    ),
    {
      id: 'no-fargate-profile',
      title: 'A Fargate profile takes the pods of serverless',
      expected: 'a profile with the selector namespace=serverless',
      observed: fargateProfileNames.length > 0 ? 'a profile for other pods' : 'no profile',
      evidence: `aws eks list-fargate-profiles --cluster-name ${CLUSTER}`,
      cause: 'Without a profile the pods go to nodes as ever.',
      hint: `aws eks create-fargate-profile --cluster-name ${CLUSTER} --fargate-profile-name serverless --selectors namespace=serverless …`,
    },
  )
  const cluster = await eksCluster(t)
  const there = (await cluster.pods('serverless')).some(({ spec }) => spec?.nodeName?.startsWith('fargate-'))
  t.expect(there, {
    id: 'not-on-fargate',
    title: 'Pods run on Fargate',
    expected: 'pods of the namespace serverless on nodes named fargate-…',
    observed: 'none',
    evidence: 'kubectl get pods -A -o wide',
    cause: 'The pods are in another namespace, were there before the profile, or are still being placed.',
    hint: 'kubectl create deployment site --image=public.ecr.aws/nginx/nginx:1.29 --replicas=2 -n serverless',
  })
  await readyDeployment(t, cluster, {
    name: 'site',
    namespace: 'serverless',
    replicas: 2,
    hint: 'kubectl create deployment site --image=public.ecr.aws/nginx/nginx:1.29 --replicas=2 -n serverless',
  })
}

const REPLACERS = ['you', 'auto-scaling', 'eks', 'nobody']
const KINDS = ['managed', 'own', 'fargate']

async function loseOne(t: CheckContext): Promise<void> {
  const record = await recordedNodes(t, 'kubectl get nodes -L kind')
  const { metadata } = await ownNode(t)
  t.expect(!record.includes(metadata!.name!), {
    id: 'own-not-replaced',
    title: 'Your node was replaced',
    expected: 'a node kind=own that is not in before.txt',
    observed: `${metadata!.name} is in it`,
    seen: metadata!.name!,
    evidence: 'cat before.txt; kubectl get nodes -l kind=own',
    cause: 'The instance was not terminated after the record was made, or the new one has not joined yet.',
    hint: 'aws ec2 terminate-instances --instance-ids <the instance of the group own>',
  })
  await expectAnswers(t, 'nodes.yaml', [
    {
      key: 'replaces-managed',
      title: 'Who replaces managed nodes is understood',
      right: ['auto-scaling'],
      choices: REPLACERS,
      why: {
        eks: 'EKS made the Auto Scaling group. It is the group that keeps the number of machines.',
        else: 'A managed group has an Auto Scaling group behind it.',
      },
      hint: 'aws eks describe-nodegroup … --query nodegroup.resources',
    },
    {
      key: 'replaces-own',
      title: 'Who replaces your own nodes is understood',
      right: ['auto-scaling'],
      choices: REPLACERS,
      why: {
        eks: 'EKS does not know this machine.',
        else: 'You have just seen it: a group wants one machine, and made one.',
      },
      hint: 'aws autoscaling describe-scaling-activities --auto-scaling-group-name own',
    },
    {
      key: 'starts-update',
      title: 'Who starts an update is understood',
      right: ['you'],
      choices: REPLACERS,
      why: {
        else: 'EKS offers new images and replaces the nodes well, when you say so: aws eks update-nodegroup-version.',
      },
      hint: 'Nothing is updated while you sleep, unless it is Auto Mode.',
    },
    {
      key: 'free-when-empty',
      title: 'What costs nothing when empty is understood',
      right: ['fargate'],
      choices: KINDS,
      why: { else: 'Instances cost as long as they run, used or not.' },
      hint: 'Which kind makes a machine for each pod?',
    },
    {
      key: 'no-daemonsets',
      title: 'Where DaemonSets do not run is understood',
      right: ['fargate'],
      choices: KINDS,
      why: { else: 'A self-managed node is a node like any other.' },
      hint: 'kubectl get daemonsets -n kube-system -o wide; count the nodes',
    },
  ])
}

export default defineChecker({
  lab: 'three-kinds-of-nodes',
  steps: { managed, 'self-managed': selfManaged, fargate, 'lose-one': loseOne },
})
