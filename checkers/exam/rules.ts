import {
  AuthorizationV1Api,
  type V1CronJob,
  type V1EndpointSlice,
  type V1PodDisruptionBudget,
  type V1ResourceQuota,
  type V1Service,
  type V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node'
import type { CheckContext } from '#checks/checker.ts'
import { eksCluster, existing } from '../lib/cluster.ts'
import { drawnNames } from '../lib/names.ts'

export async function expose(t: CheckContext): Promise<void> {
  const { team, app } = await drawnNames(t)
  const cluster = await eksCluster(t)
  const service = await existing<V1Service>(t, cluster, 'v1/Service', app!, {
    id: 'no-app-service',
    namespace: team!,
    cause: 'It was not created yet, or in another namespace.',
    hint: 'kubectl expose --help',
  })
  const evidence = `kubectl describe service ${app} -n ${team}`
  const [port] = service.spec?.ports ?? []
  t.expect(port?.port === 8080, {
    id: 'app-other-port',
    title: 'It is reached on port 8080',
    expected: 'port 8080',
    observed: `port ${port?.port}`,
    evidence,
    cause: 'port and targetPort are easily taken for each other.',
    hint: 'Delete it and make it again with --port=8080.',
  })
  t.expect(String(port?.targetPort ?? port?.port) === '80', {
    id: 'app-wrong-target',
    title: 'It leads to port 80 of the containers',
    expected: 'targetPort 80',
    observed: `targetPort ${port?.targetPort}`,
    evidence,
    cause: 'Without --target-port it is the same as the port.',
    hint: '--target-port=80',
  })
  const slices = await cluster.list<V1EndpointSlice>(
    'discovery.k8s.io/v1/EndpointSlice',
    team,
    `kubernetes.io/service-name=${app}`,
  )
  const ready = slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready)
  t.expect(ready.length > 0, {
    id: 'app-without-pods',
    title: 'It leads to pods',
    expected: 'at least one ready endpoint',
    observed: 'none',
    evidence: `kubectl get endpointslices -n ${team}`,
    cause: 'Its selector matches no pod.',
    hint: `kubectl get pods -n ${team} --show-labels`,
  })
}

export async function autoscale(t: CheckContext): Promise<void> {
  const { team, app } = await drawnNames(t)
  const all = await (await eksCluster(t)).list<V2HorizontalPodAutoscaler>(
    'autoscaling/v2/HorizontalPodAutoscaler',
    team,
  )
  const evidence = `kubectl get hpa -n ${team}`
  const { spec } = t.found(
    all.find((one) => one.spec?.scaleTargetRef.name === app),
    {
      id: 'no-app-autoscaler',
      title: `${app} has an autoscaler`,
      expected: `a HorizontalPodAutoscaler for ${app}`,
      observed: 'none',
      evidence,
      cause: 'A number that you set by hand stays as you set it.',
      hint: 'kubectl autoscale --help',
    },
  )
  t.expect(spec?.minReplicas === 2 && spec.maxReplicas === 5, {
    id: 'autoscaler-other-range',
    title: 'From 2 to 5 pods',
    expected: '2 to 5',
    observed: `${spec?.minReplicas} to ${spec?.maxReplicas}`,
    evidence,
    cause: 'Other bounds.',
    hint: '--min and --max',
  })
  const cpu = spec?.metrics?.find(({ resource }) => resource?.name === 'cpu')?.resource?.target
  t.expect(cpu?.averageUtilization === 60, {
    id: 'autoscaler-other-target',
    title: 'At 60 percent of the requested CPU',
    expected: '60%',
    observed: cpu ? `${cpu.averageUtilization}%` : 'no target for cpu',
    evidence,
    cause: 'Another target.',
    hint: '--cpu=60%',
  })
}

export async function disruptions(t: CheckContext): Promise<void> {
  const { team, app } = await drawnNames(t)
  const all = await (await eksCluster(t)).list<V1PodDisruptionBudget>('policy/v1/PodDisruptionBudget', team)
  const evidence = `kubectl get pdb -n ${team}`
  const budget = t.found(
    all.find(({ spec }) => spec?.selector?.matchLabels?.app === app),
    {
      id: 'no-budget',
      title: `${app} has a disruption budget`,
      expected: `a PodDisruptionBudget for the pods with app=${app}`,
      observed: 'none',
      evidence,
      cause: 'A drain takes all pods of a node at once, however many replicas there are.',
      hint: 'kubectl create poddisruptionbudget --help',
    },
  )
  const { minAvailable, maxUnavailable } = budget.spec ?? {}
  t.expect(String(minAvailable ?? '') === '1' || String(maxUnavailable ?? '') === '1', {
    id: 'budget-too-strict',
    title: 'One must stay, the others may go',
    expected: 'minAvailable 1 of two',
    observed: `minAvailable ${minAvailable ?? 'not set'}, maxUnavailable ${maxUnavailable ?? 'not set'}`,
    evidence,
    cause: 'A budget that lets no pod go blocks each drain.',
    hint: '--min-available=1',
  })
}

export async function job(t: CheckContext): Promise<void> {
  const { team, job: name } = await drawnNames(t)
  const cron = await existing<V1CronJob>(t, await eksCluster(t), 'batch/v1/CronJob', name!, {
    id: 'no-cronjob',
    namespace: team!,
    cause: 'A Job runs once. A CronJob makes Jobs.',
    hint: 'kubectl create cronjob --help',
  })
  t.expect(/^15 0?3 \* \* \*$/.test(cron.spec?.schedule.trim() ?? ''), {
    id: 'job-other-time',
    title: 'It runs every night at 3:15',
    expected: '15 3 * * *',
    observed: cron.spec?.schedule ?? '',
    evidence: `kubectl get cronjob ${name} -n ${team}`,
    cause: 'The minute comes first.',
    hint: 'kubectl explain cronjob.spec.schedule',
  })
}

export async function quota(t: CheckContext): Promise<void> {
  const { team } = await drawnNames(t)
  const quotas = await (await eksCluster(t)).list<V1ResourceQuota>('v1/ResourceQuota', team)
  const evidence = `kubectl describe quota -n ${team}`
  const limits = quotas.flatMap(({ spec }) => spec?.hard?.pods ?? spec?.hard?.['count/pods'] ?? [])
  t.expect(limits.length > 0, {
    id: 'no-pod-quota',
    title: 'Pods are counted',
    expected: `a ResourceQuota of ${team} with pods`,
    observed: quotas.length > 0 ? 'a quota of something else' : 'no quota',
    evidence,
    cause: 'CPU and memory have limits of their own; the number of pods is another.',
    hint: '--hard=pods=…',
  })
  t.expect(limits.includes('10'), {
    id: 'quota-other-number',
    title: 'At most ten',
    expected: '10',
    observed: limits.join(', '),
    evidence,
    cause: 'Another number.',
    hint: 'kubectl edit quota',
  })
}

export async function rbac(t: CheckContext): Promise<void> {
  const { team, person } = await drawnNames(t)
  const reviews = (await eksCluster(t)).config.makeApiClient(AuthorizationV1Api)
  const may = async (verb: string, resource: string, namespace: string) => {
    const { status } = await reviews.createSubjectAccessReview({
      body: {
        spec: { user: 'somebody', groups: [person!], resourceAttributes: { verb, resource, namespace } },
      },
    })
    return status?.allowed ?? false
  }
  const evidence = `kubectl auth can-i --list -n ${team} --as=somebody --as-group=${person}`
  t.expect((await may('list', 'pods', team!)) && (await may('get', 'pods', team!)), {
    id: 'group-may-not',
    title: `The group ${person} may get and list pods`,
    expected: 'yes',
    observed: 'no',
    evidence,
    cause: 'No binding names the group, the role lacks a verb, or it is in another namespace.',
    hint: 'kubectl create rolebinding --help: --group, not --user',
  })
  t.expect(!(await may('delete', 'pods', team!)) && !(await may('list', 'secrets', team!)), {
    id: 'group-may-too-much',
    title: 'It may no more than that',
    expected: 'no right to delete pods or to list Secrets',
    observed: 'it has one of them',
    evidence,
    cause: 'It was bound to a wide role.',
    hint: 'Remove that binding; make a Role of two verbs.',
  })
  t.expect(!(await may('list', 'pods', 'legacy')), {
    id: 'group-may-elsewhere',
    title: 'It may so in one namespace only',
    expected: 'no right in other namespaces',
    observed: 'it may list pods of legacy, too',
    evidence: 'kubectl get clusterrolebindings -o wide',
    cause: 'A ClusterRoleBinding holds everywhere.',
    hint: 'kubectl delete clusterrolebinding …; make a RoleBinding',
  })
}
