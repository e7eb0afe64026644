import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks'
import type { V1Node, V1PodDisruptionBudget } from '@kubernetes/client-node'
import { type CheckContext, defineChecker } from '#checks/checker.ts'
import { expectAnswers } from './lib/answers.ts'
import { eksCluster, isReady, readyDeployment } from './lib/cluster.ts'

const WANTED = '1.35'
const web = {
  name: 'web',
  replicas: 2,
  hint: 'kubectl create deployment web --image=nginx:1.29 --replicas=2',
}

async function prepare(t: CheckContext): Promise<void> {
  const cluster = await eksCluster(t)
  await readyDeployment(t, cluster, web)
  const budgets = await cluster.list<V1PodDisruptionBudget>('policy/v1/PodDisruptionBudget', 'default')
  const budget = t.found(
    budgets.find(({ spec }) => spec?.selector?.matchLabels?.app === 'web'),
    {
      id: 'no-budget',
      title: 'A disruption budget protects web',
      expected: 'a PodDisruptionBudget with the selector app=web',
      observed: budgets.length > 0 ? 'budgets for other pods' : 'no budget',
      evidence: 'kubectl get poddisruptionbudgets',
      cause: 'Without one, both pods may be evicted at the same time.',
      hint: 'kubectl create poddisruptionbudget web --selector=app=web --min-available=1',
    },
  )
  t.expect((budget.status?.disruptionsAllowed ?? 0) >= 1, {
    id: 'budget-too-strict',
    title: 'It lets one pod go at a time',
    expected: 'at least 1 allowed disruption',
    observed: `${budget.status?.disruptionsAllowed ?? 0}`,
    evidence: 'kubectl get poddisruptionbudgets',
    cause: 'It wants all pods to stay, so no node can be emptied.',
    hint: 'Use --min-available=1 with two pods.',
  })
  await expectAnswers(t, 'answers.yaml', [
    {
      key: 'first',
      title: 'The order is known',
      right: ['control-plane'],
      choices: ['control-plane', 'nodes'],
      why: { nodes: 'A kubelet that is newer than the API server is not supported, and EKS refuses it.' },
      hint: 'Which of the two may be older?',
    },
    {
      key: 'step',
      title: 'The size of a step is known',
      right: ['1'],
      why: { else: 'EKS takes the next minor version only.' },
      hint: 'From 1.33 to 1.35 takes two upgrades.',
    },
  ])
}

async function controlPlane(t: CheckContext): Promise<void> {
  const { cluster } = await t.aws(EKSClient).send(new DescribeClusterCommand({ name: 'harbor' }))
  t.expect(cluster?.version === WANTED, {
    id: 'old-control-plane',
    title: `The control plane runs ${WANTED}`,
    expected: `version ${WANTED}`,
    observed: `version ${cluster?.version}`,
    evidence: 'aws eks describe-cluster --name harbor --query cluster.version',
    cause: 'It was not upgraded, or the update is on its way.',
    hint: `aws eks update-cluster-version --name harbor --kubernetes-version ${WANTED}`,
  })
  t.expect(cluster?.status === 'ACTIVE', {
    id: 'still-updating',
    title: 'The upgrade is done',
    expected: 'status ACTIVE',
    observed: `status ${cluster?.status}`,
    evidence: 'aws eks describe-cluster --name harbor --query cluster.status',
    hint: 'aws eks wait cluster-active --name harbor',
  })
}

async function upgradeNodes(t: CheckContext): Promise<void> {
  await controlPlane(t)
  const cluster = await eksCluster(t)
  const nodes = await cluster.list<V1Node>('v1/Node')
  const old = nodes.filter(({ status }) => !status?.nodeInfo?.kubeletVersion.startsWith(`v${WANTED}.`))
  t.expect(old.length === 0 && nodes.some(isReady), {
    id: 'old-nodes',
    title: `All nodes run ${WANTED}`,
    expected: `kubelets v${WANTED}`,
    observed: old
      .map(({ metadata, status }) => `${metadata?.name} ${status?.nodeInfo?.kubeletVersion}`)
      .join(', '),
    evidence: 'kubectl get nodes',
    cause: 'The control plane does not take its nodes along.',
    hint: 'aws eks update-nodegroup-version --cluster-name harbor --nodegroup-name workers',
  })
  await readyDeployment(t, cluster, web)
}

export default defineChecker({
  lab: 'upgrade-a-cluster',
  steps: { prepare, 'control-plane': controlPlane, nodes: upgradeNodes },
})
