import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks'
import type { V1Node } from '@kubernetes/client-node'
import { type CheckContext, defineChecker } from '#checks/checker.ts'
import { expectAnswers } from './lib/answers.ts'
import { eksCluster, isReady } from './lib/cluster.ts'
import { recordedNodes } from './lib/recorded.ts'

const whatsThere = (t: CheckContext) =>
  expectAnswers(
    t,
    'answers.yaml',
    [
      { key: 'scheduler', right: 'hidden', why: 'It runs at AWS; no pod of that name is in kube-system.' },
      { key: 'etcd', right: 'hidden', why: 'It runs at AWS; you reach it by way of the API server only.' },
      { key: 'kube-proxy', right: 'visible', why: 'It is a DaemonSet on your nodes.' },
      { key: 'coredns', right: 'visible', why: 'It is a Deployment on your nodes.' },
    ].map(({ key, right, why }) => ({
      key,
      title: `Where ${key} runs is known`,
      right: [right],
      choices: ['visible', 'hidden'],
      why: { else: why },
      evidence: 'kubectl get pods -n kube-system',
      hint: 'Is there a pod of that name in kube-system?',
    })),
  )

async function loseANode(t: CheckContext): Promise<void> {
  const record = await recordedNodes(t, 'kubectl get nodes')
  const nodes = await (await eksCluster(t)).list<V1Node>('v1/Node')
  const ready = nodes.filter(isReady)
  const fresh = ready.filter(({ metadata }) => !record.includes(metadata!.name!))
  t.expect(fresh.length > 0, {
    id: 'no-node-replaced',
    title: 'A lost node was replaced',
    expected: 'a Ready node that is not in before.txt',
    observed: `Ready: ${ready.map(({ metadata }) => metadata?.name).join(', ')}`,
    seen: fresh[0]?.metadata?.name,
    evidence: 'kubectl get nodes; cat before.txt',
    cause: 'No instance was terminated after the record, or the new one has not joined yet.',
    hint: 'aws ec2 terminate-instances --instance-ids <the end of .spec.providerID>',
  })
  t.expect(ready.length >= 2, {
    id: 'too-few-nodes',
    title: 'Two nodes are Ready',
    expected: '2',
    observed: `${ready.length}`,
    evidence: 'kubectl get nodes',
    hint: 'Wait for the Auto Scaling group.',
  })
}

async function logs(t: CheckContext): Promise<void> {
  const { cluster } = await t.aws(EKSClient).send(new DescribeClusterCommand({ name: 'harbor' }))
  const on = (cluster?.logging?.clusterLogging ?? [])
    .filter(({ enabled }) => enabled)
    .flatMap(({ types }) => types ?? [])
  for (const type of ['audit', 'authenticator'] as const) {
    t.expect(on.includes(type), {
      id: `no-${type}-log`,
      title: `The ${type} log is on`,
      expected: type,
      observed: `on: ${on.join(', ') || 'none'}`,
      evidence: 'aws eks describe-cluster --name harbor --query cluster.logging',
      cause: 'Each kind of log is turned on by its name; all are off in a new cluster.',
      hint: `aws eks update-cluster-config --name harbor --logging '{"clusterLogging":[{"types":["${type}"],"enabled":true}]}'`,
    })
  }
}

export default defineChecker({
  lab: 'same-faults-on-eks',
  steps: { 'whats-there': whatsThere, 'lose-a-node': loseANode, logs },
})
