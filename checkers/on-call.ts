import {
  AuthorizationV1Api,
  type V1ConfigMap,
  type V1Deployment,
  type V1EndpointSlice,
  type V1Node,
  type V1ResourceQuota,
  type V1Service,
} from '@kubernetes/client-node'
import { type CheckContext, defineChecker } from '#checks/checker.ts'
import { type Cluster, containersOf, kindCluster, readyDeployment } from './lib/cluster.ts'

const PROD = 'prod'

/** A drill: what must be mended, then that nothing else was touched. */
const drill =
  (mended: (t: CheckContext, cluster: Cluster) => Promise<void>) =>
  async (t: CheckContext): Promise<void> => {
    const cluster = await kindCluster(t)
    await mended(t, cluster)
    const other = await cluster.get<V1Deployment>('apps/v1/Deployment', 'untouched', PROD)
    t.expect(other?.spec?.replicas === 2 && containersOf(other)[0]?.image === 'nginx:1.29', {
      id: 'others-touched',
      title: 'What belongs to others is as it was',
      expected: 'the Deployment untouched with 2 replicas of nginx:1.29',
      observed: other ? `${other.spec?.replicas} replicas of ${containersOf(other)[0]?.image}` : 'it is gone',
      evidence: `kubectl get deployment untouched -n ${PROD} -o wide`,
      cause: 'A command hit more than it should.',
      hint: 'Put it back: 2 replicas, nginx:1.29.',
    })
  }

const mend = (t: CheckContext, cluster: Cluster, name: string, namespace = PROD) =>
  readyDeployment(t, cluster, {
    name,
    namespace,
    hint: `Deployment, pods, events, logs: kubectl describe pods -l app=${name} -n ${namespace}`,
  })

const crash = drill(async (t, cluster) => {
  const orders = await mend(t, cluster, 'orders')
  const [container] = containersOf(orders)
  t.expect((container?.command ?? []).join(' ').includes('DATABASE_HOST'), {
    id: 'program-replaced',
    title: 'orders runs its own program',
    expected: 'the command as it was',
    observed: (container?.command ?? []).join(' '),
    evidence: `kubectl get deployment orders -n ${PROD} -o yaml`,
    cause: 'A pod that runs something else is green and useless.',
    hint: 'kubectl rollout undo, then set the variable that the log asks for.',
  })
})

async function endpoints(cluster: Cluster, service: string): Promise<number> {
  const slices = await cluster.list<V1EndpointSlice>(
    'discovery.k8s.io/v1/EndpointSlice',
    PROD,
    `kubernetes.io/service-name=${service}`,
  )
  return slices.flatMap((slice) => slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready).length
}

const noEndpoints = drill(async (t, cluster) => {
  t.expect((await endpoints(cluster, 'cart')) > 0, {
    id: 'cart-without-pods',
    title: 'The Service cart leads to pods',
    expected: 'at least one ready endpoint',
    observed: 'none',
    evidence: `kubectl get endpointslices -n ${PROD} -l kubernetes.io/service-name=cart`,
    cause: 'The selector of the Service matches no pod. Restarting pods does not change that.',
    hint: `Compare kubectl get service cart -o wide with kubectl get pods --show-labels, both with -n ${PROD}`,
  })
})

const wrongPort = drill(async (t, cluster) => {
  const service = await cluster.get<V1Service>('v1/Service', 'search', PROD)
  const [port] = service?.spec?.ports ?? []
  t.expect(port?.port === 80, {
    id: 'search-moved',
    title: 'search is reached on port 80 as before',
    expected: 'port 80',
    observed: `port ${port?.port}`,
    evidence: `kubectl get service search -n ${PROD}`,
    cause: 'port is where clients ask, targetPort where the container listens. Clients know port 80.',
    hint: 'Change targetPort only.',
  })
  t.expect(String(port?.targetPort ?? port?.port) === '80', {
    id: 'search-wrong-port',
    title: 'search leads to the port of the container',
    expected: 'targetPort 80',
    observed: `targetPort ${port?.targetPort}`,
    evidence: `kubectl describe service search -n ${PROD}`,
    cause: 'Nothing listens there, so the connection is refused.',
    hint: 'nginx listens on 80.',
  })
})

const pending = drill(async (t, cluster) => {
  const report = await mend(t, cluster, 'report')
  const cpu = containersOf(report)[0]?.resources?.requests?.cpu ?? '0'
  const milli = cpu.endsWith('m') ? Number(cpu.slice(0, -1)) : Number(cpu) * 1000
  t.expect(milli > 0 && milli <= 200, {
    id: 'report-too-greedy',
    title: 'report requests what it needs',
    expected: 'about 100m',
    observed: cpu,
    evidence: `kubectl get deployment report -n ${PROD} -o jsonpath='{.spec.template.spec.containers[0].resources}'`,
    cause: 'What one pod reserves, others cannot have, used or not.',
    hint: `kubectl set resources deployment/report --requests=cpu=100m -n ${PROD}`,
  })
})

const mebibytes = (quantity: string | undefined) => {
  const [, number, unit] = /^(\d+)(Mi|Gi|M|G)$/.exec(quantity ?? '') ?? []
  return number ? Number(number) * (unit!.startsWith('G') ? 1024 : 1) : Number.POSITIVE_INFINITY
}

const oom = drill(async (t, cluster) => {
  const thumbs = await cluster.get<V1Deployment>('apps/v1/Deployment', 'thumbs', PROD)
  const limit = thumbs && containersOf(thumbs)[0]?.resources?.limits?.memory
  t.expect(mebibytes(limit) <= 256, {
    id: 'thumbs-unlimited',
    title: 'thumbs has a memory limit of at most 256 MiB',
    expected: 'a limit up to 256Mi',
    observed: limit ?? 'no limit',
    evidence: `kubectl get deployment thumbs -n ${PROD} -o jsonpath='{.spec.template.spec.containers[0].resources}'`,
    cause: 'Without a limit a leak takes the whole node along.',
    hint: 'kubectl set resources deployment/thumbs --limits=memory=128Mi --requests=memory=64Mi -n prod',
  })
  t.expect(mebibytes(limit) > 48, {
    id: 'thumbs-not-ready',
    title: 'thumbs may use what it needs',
    expected: 'a limit above the 48 MiB that it takes',
    observed: limit ?? 'no limit',
    evidence: `kubectl describe pods -l app=thumbs -n ${PROD}`,
    cause: 'Its last state is OOMKilled: it took more memory than its limit.',
    hint: 'Give it 128Mi.',
  })
  await mend(t, cluster, 'thumbs')
})

const missingConfig = drill(async (t, cluster) => {
  const mail = await mend(t, cluster, 'mail')
  const name = mail.spec?.template.spec?.volumes?.find(({ configMap }) => configMap)?.configMap?.name
  const config = name && (await cluster.get<V1ConfigMap>('v1/ConfigMap', name, PROD))
  t.expect(Boolean(config && 'host' in (config.data ?? {})), {
    id: 'mail-without-config',
    title: 'mail has its settings',
    expected: 'a volume from a ConfigMap with the key host',
    observed: name ? `ConfigMap ${name}` : 'no such volume',
    evidence: `kubectl get deployment mail -n ${PROD} -o yaml`,
    cause: 'It starts without the settings, and will fail when it needs them.',
    hint: 'Mount the ConfigMap mail-config.',
  })
})

const stuckRollout = drill(async (t, cluster) => {
  const web = await mend(t, cluster, 'web')
  const image = containersOf(web)[0]?.image ?? ''
  t.expect(/^nginx:1\.29(\.\d)?$/.test(image), {
    id: 'web-other-image',
    title: 'web runs what ran before',
    expected: 'nginx:1.29',
    observed: image,
    evidence: `kubectl rollout history deployment/web -n ${PROD}`,
    cause: 'At night nobody tests a new image. Go back.',
    hint: `kubectl rollout undo deployment/web -n ${PROD}`,
  })
})

const quota = drill(async (t, cluster) => {
  const quotas = await cluster.list<V1ResourceQuota>('v1/ResourceQuota', 'jobs')
  t.expect(
    quotas.some(({ spec }) => spec?.hard?.['limits.cpu'] && spec.hard['limits.memory']),
    {
      id: 'quota-gone',
      title: 'The quota of jobs is there',
      expected: 'limits.cpu and limits.memory in a quota of jobs',
      observed: quotas.length > 0 ? 'another quota' : 'no quota',
      evidence: 'kubectl describe quota -n jobs',
      cause: 'It was removed to let the pods in. Finance wants it.',
      hint: 'kubectl create quota limits --hard=limits.cpu=1,limits.memory=1Gi -n jobs; then give batch limits',
    },
  )
  await mend(t, cluster, 'batch', 'jobs')
})

const forbidden = drill(async (t, cluster) => {
  const may = async (verb: string, resource: string) => {
    const { status } = await cluster.config.makeApiClient(AuthorizationV1Api).createSubjectAccessReview({
      body: {
        spec: {
          user: `system:serviceaccount:${PROD}:watcher`,
          groups: ['system:serviceaccounts', `system:serviceaccounts:${PROD}`],
          resourceAttributes: { verb, resource, namespace: PROD },
        },
      },
    })
    return status?.allowed ?? false
  }
  const evidence = `kubectl auth can-i --list -n ${PROD} --as=system:serviceaccount:${PROD}:watcher`
  t.expect(await may('list', 'pods'), {
    id: 'watcher-may-not-list',
    title: 'The watcher may list pods',
    expected: 'yes',
    observed: 'no',
    evidence,
    cause:
      'The RoleBinding names another account. A wrong name is no error: nobody checks whether it exists.',
    hint: `kubectl get rolebinding watcher -n ${PROD} -o wide`,
  })
  t.expect(!(await may('delete', 'pods')) && !(await may('get', 'secrets')), {
    id: 'watcher-may-too-much',
    title: 'The watcher may no more than that',
    expected: 'no right to delete pods or to read Secrets',
    observed: 'it has one of them',
    evidence,
    cause: 'It was bound to a wide role.',
    hint: 'Bind it to the Role pod-reader and remove the other binding.',
  })
})

const cordoned = drill(async (t, cluster) => {
  const node = await cluster.get<V1Node>('v1/Node', 'kind-worker2')
  t.expect(!node?.spec?.unschedulable, {
    id: 'node-cordoned',
    title: 'kind-worker2 takes pods',
    expected: 'Ready',
    observed: 'Ready,SchedulingDisabled',
    evidence: 'kubectl get nodes',
    cause: 'It was drained, and nobody opened it again.',
    hint: 'kubectl uncordon kind-worker2',
  })
  const taints = (node?.spec?.taints ?? []).filter(({ effect }) => effect !== 'PreferNoSchedule')
  t.expect(taints.length === 0, {
    id: 'node-tainted',
    title: 'It takes all pods',
    expected: 'no taint',
    observed: taints.map(({ key, effect }) => `${key}:${effect}`).join(', '),
    evidence: 'kubectl describe node kind-worker2 | grep Taints',
    cause: 'A taint keeps pods away that do not tolerate it; uncordon does not remove it.',
    hint: `kubectl taint nodes kind-worker2 ${taints[0]?.key}-`,
  })
})

export default defineChecker({
  lab: 'on-call',
  steps: {
    crash,
    'no-endpoints': noEndpoints,
    'wrong-port': wrongPort,
    pending,
    oom,
    'missing-config': missingConfig,
    'stuck-rollout': stuckRollout,
    quota,
    forbidden,
    cordoned,
  },
})
