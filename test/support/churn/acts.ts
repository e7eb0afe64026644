import { type KubernetesObject, StatusError } from '#kubernetes/api.ts'
import { type NodeRecord, nodeRecordPrefix } from '#kubernetes/kubelet/node-record.ts'
import type { Deployment, Node, Pod } from '#kubernetes/objects.ts'
import { podAddresses } from '../pod-addresses.ts'
import type { SoakedCluster } from './soaked-cluster.ts'

const NAMESPACES = ['alpha', 'beta', 'gamma']
const NAMES = ['web', 'api', 'cache', 'batch']
const IMAGES = 'public.ecr.aws/docker/library'
/** A cluster has at least and at most so many nodes. */
const NODES = { least: 2, most: 6 }

type Random = SoakedCluster['random']

const pick = <T>(random: Random, items: readonly T[]): T => items[random.number(items.length)]!

/** What a container of a workload does: serves, sleeps, ends well, crashes. */
function container(random: Random): object {
  const shell = (script: string) => ({ image: `${IMAGES}/busybox:1.37`, command: ['sh', '-c', script] })
  const probe = { httpGet: { path: '/', port: 80 }, periodSeconds: 10 }
  const forms = [
    { image: `${IMAGES}/nginx:1.27`, ports: [{ containerPort: 80 }], readinessProbe: probe },
    shell('trap "exit 0" TERM; while true; do sleep 5; done'),
    shell('sleep 1000000'),
    { ...shell('sleep 7; exit 1') },
  ]
  const requests = { cpu: `${50 + 50 * random.number(4)}m`, memory: '32Mi' }
  return {
    name: 'main',
    env: [{ name: 'V', value: random.hex(4) }],
    resources: { requests },
    ...pick(random, forms),
  }
}

function template(random: Random, app: string): object {
  return {
    metadata: { labels: { app } },
    spec: { containers: [container(random)], terminationGracePeriodSeconds: 1 + random.number(10) },
  }
}

/** One thing that happens to a cluster. Throws StatusError where the cluster says no. */
type Act = (soak: SoakedCluster, namespace: string, name: string) => void

const create = ({ api }: SoakedCluster, resource: string, object: object) =>
  void api.create(resource, object as KubernetesObject)

const workload = (apiVersion: string, kind: string, namespace: string, name: string, spec: object) => ({
  apiVersion,
  kind,
  metadata: { namespace, name },
  spec,
})

const WORKLOADS: Record<string, Act> = {
  deployment(soak, namespace, name) {
    const { random } = soak
    const selector = { matchLabels: { app: name } }
    const strategy = random.number(4) === 0 ? { type: 'Recreate' } : undefined
    const spec = {
      replicas: random.number(6),
      selector,
      template: template(random, name),
      strategy,
      revisionHistoryLimit: 3,
    }
    create(soak, 'deployments.apps', workload('apps/v1', 'Deployment', namespace, name, spec))
  },
  statefulSet(soak, namespace, name) {
    const { random } = soak
    const app = `${name}-set`
    const claim = {
      metadata: { name: 'data' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'gp2',
        resources: { requests: { storage: '1Gi' } },
      },
    }
    const retention = { whenDeleted: 'Delete', whenScaled: 'Delete' }
    const spec = {
      replicas: random.number(4),
      serviceName: name,
      selector: { matchLabels: { app } },
      template: template(random, app),
      volumeClaimTemplates: [claim],
      persistentVolumeClaimRetentionPolicy: retention,
    }
    create(soak, 'statefulsets.apps', workload('apps/v1', 'StatefulSet', namespace, app, spec))
  },
  daemonSet(soak, namespace, name) {
    const app = `${name}-agent`
    const spec = { selector: { matchLabels: { app } }, template: template(soak.random, app) }
    create(soak, 'daemonsets.apps', workload('apps/v1', 'DaemonSet', namespace, app, spec))
  },
  job(soak, namespace, name) {
    const { random } = soak
    const main = {
      name: 'main',
      image: `${IMAGES}/busybox:1.37`,
      command: ['sh', '-c', `sleep ${random.number(20)}`],
    }
    const spec = {
      completions: 1 + random.number(4),
      parallelism: 1 + random.number(2),
      ttlSecondsAfterFinished: 120,
      template: { spec: { containers: [main], restartPolicy: 'Never' } },
    }
    create(soak, 'jobs.batch', workload('batch/v1', 'Job', namespace, `${name}-${random.hex(4)}`, spec))
  },
  service(soak, namespace, name) {
    const type = pick(soak.random, ['ClusterIP', 'NodePort', 'LoadBalancer'])
    const spec = { type, selector: { app: name }, ports: [{ port: 80 }] }
    create(soak, 'services', workload('v1', 'Service', namespace, name, spec))
  },
  headless(soak, namespace, name) {
    const spec = { clusterIP: 'None', selector: { app: `${name}-set` }, ports: [{ port: 80 }] }
    create(soak, 'services', workload('v1', 'Service', namespace, `${name}-set`, spec))
  },
  budget(soak, namespace, name) {
    const spec = { maxUnavailable: 1, selector: { matchLabels: { app: name } } }
    create(
      soak,
      'poddisruptionbudgets.policy',
      workload('policy/v1', 'PodDisruptionBudget', namespace, name, spec),
    )
  },
  quota(soak, namespace) {
    const hard = { pods: String(4 + soak.random.number(20)), services: '5', 'requests.cpu': '4' }
    create(soak, 'resourcequotas', workload('v1', 'ResourceQuota', namespace, 'limits', { hard }))
  },
  configMap(soak, namespace, name) {
    create(soak, 'configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace, name },
      data: { a: soak.random.hex(8) },
    })
  },
}

const RESOURCES = [
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'jobs.batch',
  'services',
  'poddisruptionbudgets.policy',
  'resourcequotas',
  'configmaps',
]

const aPod = ({ api, random }: SoakedCluster, namespace: string): Pod | undefined => {
  const pods = api.list<Pod>('pods', namespace)
  return pods.length > 0 ? pick(random, pods) : undefined
}

const aNode = ({ api, random }: SoakedCluster): Node | undefined => {
  const nodes = api.list<Node>('nodes')
  return nodes.length > 0 ? pick(random, nodes) : undefined
}

/** The machines that run. */
export function runningNodes({ world }: SoakedCluster): NodeRecord[] {
  return world.store.values<NodeRecord>(nodeRecordPrefix('c1')).filter(({ stopped }) => !stopped)
}

function change(soak: SoakedCluster, namespace: string, act: (deployment: Deployment) => void): void {
  const found = soak.api.list<Deployment>('deployments.apps', namespace)
  if (found.length === 0) return
  const deployment = structuredClone(pick(soak.random, found))
  act(deployment)
  soak.api.update('deployments.apps', deployment)
}

function cordon(soak: SoakedCluster, { metadata }: Node, unschedulable: boolean): void {
  const node = soak.api.get<Node>('nodes', '', metadata.name)
  if (node) soak.api.update('nodes', { ...node, spec: { ...node.spec, unschedulable } })
}

const ACTS: Record<string, Act> = {
  scale: (soak, namespace) =>
    change(soak, namespace, ({ spec }) => {
      spec.replicas = soak.random.number(9)
    }),
  roll: (soak, namespace) =>
    change(soak, namespace, ({ spec, metadata }) => {
      Object.assign(spec.template, template(soak.random, metadata.name))
    }),
  pause: (soak, namespace) =>
    change(soak, namespace, ({ spec }) => {
      spec.paused = !spec.paused
    }),
  remove(soak, namespace) {
    const { api, random } = soak
    const resource = pick(random, RESOURCES)
    const found = api.list(resource, namespace)
    if (found.length === 0) return
    const propagationPolicy = pick(random, ['Background', 'Foreground', 'Orphan'] as const)
    api.delete(resource, namespace, pick(random, found).metadata.name, { propagationPolicy })
  },
  deletePod(soak, namespace) {
    const pod = aPod(soak, namespace)
    const gracePeriodSeconds = pick(soak.random, [undefined, 0, 1])
    if (pod)
      soak.api.delete('pods', namespace, pod.metadata.name, {
        ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
      })
  },
  evict(soak, namespace) {
    const pod = aPod(soak, namespace)
    if (pod) soak.api.evict(namespace, pod.metadata.name)
  },
  relabel(soak, namespace) {
    const pod = aPod(soak, namespace)
    if (!pod) return
    const labels = { ...pod.metadata.labels, app: pick(soak.random, NAMES) }
    soak.api.update('pods', { ...pod, metadata: { ...pod.metadata, labels } })
  },
  drain(soak) {
    const node = aNode(soak)
    if (!node) return
    cordon(soak, node, true)
    for (const { metadata, spec } of soak.api.list<Pod>('pods')) {
      if (spec.nodeName !== node.metadata.name || metadata.namespace === 'kube-system') continue
      refused(() => soak.api.evict(metadata.namespace!, metadata.name))
    }
  },
  uncordon(soak) {
    const node = aNode(soak)
    if (node) cordon(soak, node, false)
  },
  stopNode(soak) {
    const running = runningNodes(soak)
    if (running.length > NODES.least) soak.cluster.kubelets.stopNode(pick(soak.random, running).name)
  },
  loseNode(soak) {
    const running = runningNodes(soak)
    if (running.length > NODES.least) removeNode(soak, pick(soak.random, running).name)
  },
  addNode(soak) {
    if (soak.api.list('nodes').length < NODES.most) soak.addNode()
  },
  restartNode(soak) {
    const records = soak.world.store.values<NodeRecord>(nodeRecordPrefix('c1'))
    const stopped = records.filter((record) => record.stopped)
    if (stopped.length > 0) soak.cluster.kubelets.registerNode(pick(soak.random, stopped))
  },
  deleteNamespace(soak, namespace) {
    // Seldom: everything in it has to be made anew.
    if (soak.random.number(4) === 0) soak.api.delete('namespaces', '', namespace)
  },
  touchConfig(soak, namespace) {
    const [map] = soak.api.list<KubernetesObject & { data?: object }>('configmaps', namespace)
    if (map) soak.api.update('configmaps', { ...map, data: { a: soak.random.hex(8) } } as KubernetesObject)
  },
  ...WORKLOADS,
}

/** The machine is gone, and what the cloud gave it. */
function removeNode({ cluster, world }: SoakedCluster, name: string): void {
  cluster.kubelets.removeNode(name)
  podAddresses(world).keepPodAddresses(name, new Set())
}

/** Does `act`; gives the reason if the cluster refused it. */
function refused(act: () => void): string | undefined {
  try {
    act()
  } catch (error) {
    if (error instanceof StatusError) return error.reason
    throw error
  }
}

/** Something happens; gives what. */
export function somethingHappens(soak: SoakedCluster): string {
  const { api, random } = soak
  const name = pick(random, Object.keys(ACTS))
  const namespace = pick(random, NAMESPACES)
  if (!api.get('namespaces', '', namespace)) {
    create(soak, 'namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  }
  const reason = refused(() => ACTS[name]!(soak, namespace, pick(random, NAMES)))
  return `${name} in ${namespace}${reason ? `: ${reason}` : ''}`
}

/** Ends what only time would not: nodes that are down go for good, rollouts go on, nodes take pods again. */
export function tidy(soak: SoakedCluster): void {
  const { api, world } = soak
  for (const { name, stopped } of world.store.values<NodeRecord>(nodeRecordPrefix('c1'))) {
    if (stopped) removeNode(soak, name)
  }
  for (const node of api.list<Node>('nodes')) cordon(soak, node, false)
  while (runningNodes(soak).length < NODES.least + 1) soak.addNode()
  for (const deployment of api.list<Deployment>('deployments.apps')) {
    if (deployment.spec.paused) {
      refused(() =>
        api.update('deployments.apps', { ...deployment, spec: { ...deployment.spec, paused: false } }),
      )
    }
  }
}

/** Ends every workload. */
export function deleteNamespaces({ api }: SoakedCluster): void {
  for (const name of NAMESPACES) if (api.get('namespaces', '', name)) api.delete('namespaces', '', name)
}
