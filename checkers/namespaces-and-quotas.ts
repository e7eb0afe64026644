import type { V1Deployment, V1LimitRange, V1Namespace, V1Pod, V1ResourceQuota } from '@kubernetes/client-node'
import { type CheckContext, defineChecker } from '#checks/checker.ts'
import { expectAnswers } from './lib/answers.ts'
import { type Cluster, existing, kindCluster, readyDeployment } from './lib/cluster.ts'

const POD_LIMIT = 4

async function expectNamespace(t: CheckContext, cluster: Cluster, name: string): Promise<void> {
  await existing<V1Namespace>(t, cluster, 'v1/Namespace', name, {
    id: `no-namespace-${name}`,
    cause: 'It was not created yet, or its name is written differently.',
    hint: `kubectl create namespace ${name}`,
  })
}

async function twoTeams(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  for (const namespace of ['team-a', 'team-b']) await expectNamespace(t, cluster, namespace)
  for (const namespace of ['team-a', 'team-b']) {
    const hint = `kubectl create deployment web --image=nginx:1.29 -n ${namespace}`
    await readyDeployment(t, cluster, { name: 'web', namespace, hint })
  }
}

async function setLimits(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  const quotas = await cluster.list<V1ResourceQuota>('v1/ResourceQuota', 'team-a')
  const quota = quotas.find(({ spec }) => spec?.hard?.pods ?? spec?.hard?.['count/pods'])
  t.expect(Number(quota?.spec?.hard?.pods ?? quota?.spec?.hard?.['count/pods']) === POD_LIMIT, {
    id: 'no-quota',
    title: `team-a may have ${POD_LIMIT} pods`,
    expected: `a ResourceQuota in team-a with pods: "${POD_LIMIT}"`,
    observed: quota ? `pods: ${quota.spec?.hard?.pods}` : 'no quota on pods in team-a',
    evidence: 'kubectl get resourcequota --all-namespaces',
    cause: 'Without --namespace, kubectl apply puts the objects into default.',
    hint: 'kubectl apply --namespace team-a -f limits.yaml',
  })
  const [range] = await cluster.list<V1LimitRange>('v1/LimitRange', 'team-a')
  t.expect(range?.spec?.limits.some(({ defaultRequest }) => defaultRequest?.cpu) ?? false, {
    id: 'no-limit-range',
    title: 'Containers of team-a get a CPU request by default',
    expected: 'a LimitRange in team-a with a defaultRequest for cpu',
    observed: range ? 'a LimitRange without a default for cpu' : 'no LimitRange',
    evidence: 'kubectl describe limitrange -n team-a',
    cause: 'A quota on CPU without defaults refuses every pod that does not say its request.',
    hint: 'kubectl apply --namespace team-a -f limits.yaml holds both objects',
  })
  const pods = await cluster.pods('team-a')
  const bare = pods.filter((pod) => !requestsCpu(pod))
  t.expect(pods.length > 0 && bare.length === 0, {
    id: 'pods-without-requests',
    title: 'All pods of team-a have a CPU request',
    expected: 'pods that were made after the LimitRange',
    observed: `without a request: ${bare.map(({ metadata }) => metadata?.name).join(', ') || 'there are no pods'}`,
    evidence: "kubectl get pods -n team-a -o jsonpath='{.items[*].spec.containers[*].resources}'",
    cause: 'A LimitRange acts when a pod is made; those that ran before stay as they were.',
    hint: 'kubectl rollout restart deployment/web -n team-a',
  })
}

const requestsCpu = ({ spec }: V1Pod) => spec!.containers.every(({ resources }) => resources?.requests?.cpu)

async function hitTheQuota(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  const web = await cluster.get<V1Deployment>('apps/v1/Deployment', 'web', 'team-a')
  const refused = web?.status?.conditions?.find(({ type }) => type === 'ReplicaFailure')
  t.expect(refused?.reason === 'FailedCreate' && (refused.message ?? '').includes('exceeded quota'), {
    id: 'not-scaled',
    title: 'The quota refuses pods of web',
    expected: 'more replicas wanted than the quota allows',
    observed: `${web?.spec?.replicas} wanted, ${web?.status?.readyReplicas ?? 0} ready`,
    evidence: 'kubectl get deployment web -n team-a',
    cause: 'The Deployment was not scaled beyond the quota.',
    hint: 'kubectl scale deployment web --replicas=10 -n team-a',
  })
  await expectAnswers(t, 'answers.yaml', [
    {
      key: 'running',
      title: 'The number of running pods is read right',
      right: [String(POD_LIMIT)],
      why: {
        10: 'Ten are desired. The quota stops at four.',
        else: 'Count them: those of team-a with the status Running.',
      },
      evidence: 'kubectl get pods -n team-a',
      hint: 'kubectl get pods -n team-a shows them.',
    },
    {
      key: 'who',
      title: 'The object that tells the reason is found',
      right: ['replicaset', 'replica set', 'rs'],
      why: {
        pod: 'The missing pods do not exist. What does not exist has no events.',
        deployment: 'The Deployment only scales its ReplicaSet; that one tries to make pods and is refused.',
      },
      evidence: 'kubectl describe replicaset -n team-a',
      hint: 'Look for "exceeded quota" in the events.',
    },
  ])
}

async function removeATeam(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  const left = await cluster.get<V1Namespace>('v1/Namespace', 'team-a')
  t.expect(!left, {
    id: 'namespace-left',
    title: 'The namespace team-a is gone',
    expected: 'no namespace team-a',
    observed: `status ${left?.status?.phase}`,
    evidence: 'kubectl get namespaces',
    cause: 'Deleting what is in a namespace does not delete the namespace, its quota and its settings.',
    hint: 'kubectl delete namespace team-a',
  })
  const other = await cluster.get<V1Deployment>('apps/v1/Deployment', 'web', 'team-b')
  t.expect((other?.status?.readyReplicas ?? 0) > 0, {
    id: 'other-team-harmed',
    title: 'team-b works as before',
    expected: 'the Deployment web of team-b with ready pods',
    observed: other ? 'no pod is ready' : 'it is gone',
    evidence: 'kubectl get deployments -n team-b',
    cause: 'More was deleted than team-a.',
    hint: 'Make it again: namespace team-b and the Deployment web in it.',
  })
}

export default defineChecker({
  lab: 'namespaces-and-quotas',
  steps: {
    'two-teams': twoTeams,
    'set-limits': setLimits,
    'hit-the-quota': hitTheQuota,
    'remove-a-team': removeATeam,
  },
})
