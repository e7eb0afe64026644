import type { V1Pod } from '@kubernetes/client-node'
import { type CheckContext, defineChecker } from '#checks/checker.ts'
import { expectAnswers, type Question } from './lib/answers.ts'
import { type Cluster, isReady, kindCluster, readyDeployment } from './lib/cluster.ts'

const FILE = 'answers.yaml'
const MANIFESTS = '/etc/kubernetes/manifests'

/** A part of the control plane runs: its static pod is Ready. */
async function expectPart(t: CheckContext, cluster: Cluster, part: string): Promise<void> {
  const name = `kube-${part}-kind-control-plane`
  const pod = await cluster.get<V1Pod>('v1/Pod', name, 'kube-system')
  t.expect(pod !== undefined && isReady(pod), {
    id: `${part}-away`,
    title: `The ${part.replace('-', ' ')} runs`,
    expected: `a static pod ${name} that is Ready`,
    observed: pod ? `${pod.status?.phase}, not Ready` : 'there is none',
    evidence: `kubectl get pod ${name} -n kube-system; docker exec kind-control-plane ls ${MANIFESTS}`,
    cause: 'Its file is not in the folder of the static pods, or what it says cannot be started.',
    hint: `docker exec kind-control-plane mv /root/kube-${part}.yaml ${MANIFESTS}/`,
  })
}

const question = (
  key: string,
  title: string,
  right: string[],
  why: Record<string, string>,
  hint: string,
  choices?: string[],
): Question => ({
  key,
  title,
  right,
  why,
  hint,
  ...(choices && { choices }),
})

async function findTheParts(t: CheckContext): Promise<void> {
  await expectAnswers(t, FILE, [
    question(
      'not-a-pod',
      'The part that is no pod is known',
      ['kubelet'],
      {
        etcd: 'etcd is a static pod: kubectl get pods -n kube-system shows it.',
        'kube-scheduler': 'The scheduler is a static pod.',
        'kube-proxy': 'kube-proxy is a pod of a DaemonSet.',
      },
      'Which of them has to run before there can be a pod?',
      ['kube-scheduler', 'etcd', 'kubelet', 'kube-proxy'],
    ),
  ])
}

async function scheduler(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  const hint = 'kubectl create deployment web --image=nginx:1.29 --replicas=2'
  await readyDeployment(t, cluster, { name: 'web', replicas: 2, hint })
  await expectPart(t, cluster, 'scheduler')
  await expectAnswers(t, FILE, [
    question(
      'new-pods',
      'What a missing scheduler does is seen',
      ['pending'],
      { running: 'A pod without a node cannot run.', else: 'Read the column STATUS of the newest pod.' },
      'kubectl get pods -l app=web while the scheduler is away.',
    ),
  ])
}

async function controllerManager(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  await expectPart(t, cluster, 'controller-manager')
  await readyDeployment(t, cluster, { name: 'web', replicas: 2, hint: 'kubectl get deployment web' })
  await expectAnswers(t, FILE, [
    question(
      'pods-left',
      'What a missing controller manager does is seen',
      ['2'],
      {
        3: 'Three is what the Deployment wants. Nobody made a new pod while the controller manager was away.',
        else: 'There were three, and you deleted one.',
      },
      'Count the pods right after you deleted one.',
    ),
  ])
}

async function apiServer(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  const nodes = await cluster.list<import('@kubernetes/client-node').V1Node>('v1/Node').catch(() => undefined)
  t.expect(nodes !== undefined, {
    id: 'api-server-away',
    title: 'The API server answers',
    expected: 'an answer of kubectl get nodes',
    observed: 'the connection was refused',
    evidence: 'kubectl get nodes',
    cause: 'Its manifest is not in the folder of the static pods.',
    hint: `docker exec kind-control-plane mv /root/kube-apiserver.yaml ${MANIFESTS}/`,
  })
  await expectAnswers(t, FILE, [
    question(
      'containers-went-on',
      'What a missing API server does is seen',
      ['yes', 'true'],
      {
        no: 'Look again: docker exec kind-worker crictl ps shows the containers of web.',
        false: 'Look again with crictl ps.',
      },
      'Ask the node itself, not the API server.',
    ),
  ])
}

async function unknownFault(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  await readyDeployment(t, cluster, {
    name: 'canary',
    hint: 'Run bash break.sh, then mend the control plane.',
  })
  await expectPart(t, cluster, 'scheduler')
  await expectPart(t, cluster, 'controller-manager')
}

export default defineChecker({
  lab: 'control-plane-anatomy',
  steps: {
    'find-the-parts': findTheParts,
    scheduler,
    'controller-manager': controllerManager,
    'api-server': apiServer,
    'unknown-fault': unknownFault,
  },
})
