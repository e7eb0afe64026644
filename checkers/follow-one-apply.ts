import type { V1Deployment, V1Pod } from '@kubernetes/client-node'
import { type CheckContext, defineChecker } from '#checks/checker.ts'
import { expectAnswers } from './lib/answers.ts'
import { existing, isReady, kindCluster, readyDeployment } from './lib/cluster.ts'

async function apply(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  await readyDeployment(t, cluster, { name: 'ship', replicas: 2, hint: 'kubectl apply -f ship.yaml' })
}

const ACTORS = ['default-scheduler', 'kubelet', 'replicaset-controller', 'deployment-controller']

const whoDidIt = (t: CheckContext) =>
  expectAnswers(
    t,
    'answers.yaml',
    [
      {
        key: 'made',
        right: 'replicaset-controller',
        why: 'Pods are owned by a ReplicaSet: its controller made them.',
      },
      { key: 'placed', right: 'default-scheduler', why: 'The event Scheduled comes from default-scheduler.' },
      {
        key: 'pulled',
        right: 'kubelet',
        why: 'The events Pulling and Pulled come from the kubelet of the node.',
      },
    ].map(({ key, right, why }) => ({
      key,
      title: `Who ${key} it is known`,
      right: [right],
      choices: ACTORS,
      why: { else: why },
      evidence: 'kubectl get events',
      hint: 'Read the column FROM of the events.',
    })),
  )

async function serverSide(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  const ship = await existing<V1Deployment>(t, cluster, 'apps/v1/Deployment', 'ship', {
    hint: 'kubectl apply -f ship.yaml',
  })
  const applied = ship.metadata?.managedFields?.filter(({ operation }) => operation === 'Apply') ?? []
  t.expect(applied.length > 0, {
    id: 'not-server-side',
    title: 'Your file was applied by the server',
    expected: 'a field manager with the operation Apply',
    observed: 'only Update',
    evidence: 'kubectl get deployment ship -o yaml --show-managed-fields',
    cause:
      'Without --server-side kubectl computes the change itself, and nobody remembers whose fields they are.',
    hint: 'kubectl apply --server-side --force-conflicts -f ship.yaml',
  })
  const owns = applied.some(
    ({ fieldsV1 }) => 'f:replicas' in ((fieldsV1 as Record<string, object>)?.['f:spec'] ?? {}),
  )
  t.expect(!owns, {
    id: 'replicas-owned',
    title: 'The replicas are not your file’s',
    expected: 'a file that says nothing of replicas',
    observed: 'the Apply manager owns spec.replicas',
    evidence: 'kubectl get deployment ship -o yaml --show-managed-fields',
    cause: 'What stands in the file is claimed at each apply.',
    hint: "sed -i '/replicas:/d' ship.yaml, then apply again",
  })
  t.expect(ship.spec?.replicas === 4, {
    id: 'not-scaled',
    title: 'Somebody else has scaled to four',
    expected: '4 replicas',
    observed: `${ship.spec?.replicas}`,
    evidence: 'kubectl get deployment ship',
    hint: 'kubectl scale deployment ship --replicas=4',
  })
}

async function standstill(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  const held = await existing<V1Pod>(t, cluster, 'v1/Pod', 'held', {
    hint: 'Take “Back to where it began” in the step: it was there when you came.',
  })
  t.expect(!held.spec?.schedulingGates?.length, {
    id: 'still-gated',
    title: 'No gate holds it back',
    expected: 'no schedulingGates',
    observed: held.spec?.schedulingGates?.map(({ name }) => name).join(', '),
    evidence: "kubectl get pod held -o jsonpath='{.spec.schedulingGates}'",
    cause: 'The scheduler does not look at a pod that has a gate.',
    hint: 'Remove the list with kubectl patch --type=json or kubectl edit.',
  })
  t.expect(held.spec?.containers[0]?.name === 'held' && !held.metadata?.labels?.run, {
    id: 'pod-made-anew',
    title: 'It is the pod that was there',
    expected: 'the pod as it was, without its gate',
    observed: 'a new pod of that name',
    evidence: 'kubectl get pod held --show-labels',
    cause: 'It was deleted and made again. What waited for this very pod waits on.',
    hint: 'Take “Back to where it began” in the step, and remove the gate from the pod that is there.',
  })
  t.expect(isReady(held), {
    id: 'held-not-ready',
    title: 'It runs',
    expected: 'Ready',
    observed: held.status?.phase,
    evidence: 'kubectl get pod held',
    hint: 'kubectl wait --for=condition=Ready pod/held',
  })
}

export default defineChecker({
  lab: 'follow-one-apply',
  steps: { apply, 'who-did-it': whoDidIt, 'server-side': serverSide, standstill },
})
