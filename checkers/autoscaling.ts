import type { V1Deployment, V2HorizontalPodAutoscaler } from '@kubernetes/client-node'
import { type CheckContext, defineChecker } from '#checks/checker.ts'
import { type Cluster, containersOf, eksCluster, readyDeployment } from './lib/cluster.ts'

const NAME = 'php-apache'

async function metrics(t: CheckContext): Promise<void> {
  const cluster = await eksCluster(t)
  const deployment = await readyDeployment(t, cluster, {
    name: NAME,
    hint: 'kubectl apply -f php-apache.yaml',
  })
  t.expect(
    containersOf(deployment).every(({ resources }) => resources?.requests?.cpu),
    {
      id: 'no-request',
      title: `${NAME} has a CPU request`,
      expected: 'requests.cpu',
      observed: 'none',
      evidence: `kubectl get deployment ${NAME} -o jsonpath='{.spec.template.spec.containers[0].resources}'`,
      cause: 'An autoscaler counts in percent of the request.',
      hint: 'kubectl apply -f php-apache.yaml',
    },
  )
  const server = await cluster.get<V1Deployment>('apps/v1/Deployment', 'metrics-server', 'kube-system')
  t.expect((server?.status?.readyReplicas ?? 0) > 0, {
    id: 'no-metrics',
    title: 'Metrics are collected',
    expected: 'a ready metrics-server in kube-system',
    observed: server ? 'it is not ready' : 'there is none',
    evidence: 'kubectl top pods',
    cause: 'EKS does not install it by itself.',
    hint: 'aws eks create-addon --cluster-name harbor --addon-name metrics-server',
  })
}

async function findAutoscaler(t: CheckContext, cluster: Cluster): Promise<V2HorizontalPodAutoscaler> {
  const all = await cluster.list<V2HorizontalPodAutoscaler>(
    'autoscaling/v2/HorizontalPodAutoscaler',
    'default',
  )
  return t.found(
    all.find(({ spec }) => spec?.scaleTargetRef.name === NAME),
    {
      id: 'no-autoscaler',
      title: `${NAME} has an autoscaler`,
      expected: `a HorizontalPodAutoscaler for ${NAME}`,
      observed: 'none',
      evidence: 'kubectl get hpa',
      cause: 'Replicas that you set by hand stay as you set them.',
      hint: `kubectl autoscale deployment ${NAME} --cpu=50% --min=1 --max=5`,
    },
  )
}

async function autoscaler(t: CheckContext): Promise<void> {
  const { spec } = await findAutoscaler(t, await eksCluster(t))
  t.expect((spec?.maxReplicas ?? 0) >= 3, {
    id: 'no-room',
    title: 'It may add pods',
    expected: 'a ceiling of at least 3',
    observed: `${spec?.maxReplicas}`,
    evidence: 'kubectl get hpa',
    cause: 'It never makes more pods than --max says. The load of the next step needs more than two.',
    hint: 'Delete it and make it again with --max=5.',
  })
  t.expect(spec?.metrics?.some(({ resource }) => resource?.name === 'cpu') ?? false, {
    id: 'no-cpu-target',
    title: 'It looks at CPU',
    expected: 'a target for cpu',
    observed: 'none',
    evidence: 'kubectl describe hpa',
    hint: '--cpu=50%',
  })
}

async function load(t: CheckContext): Promise<void> {
  const hpa = await findAutoscaler(t, await eksCluster(t))
  const { desiredReplicas = 0, lastScaleTime } = hpa.status ?? {}
  t.expect(lastScaleTime !== undefined && desiredReplicas > 1, {
    id: 'never-scaled',
    title: 'It has added pods',
    expected: 'more than one pod wanted under load',
    observed: `${desiredReplicas} wanted`,
    seen: `${desiredReplicas} wanted`,
    evidence: 'kubectl get hpa',
    cause: 'Without load one pod is enough. Five minutes after the end of the load the others go.',
    hint: 'kubectl apply -f load.yaml, and wait a minute',
  })
}

export default defineChecker({ lab: 'autoscaling', steps: { metrics, autoscaler, load } })
