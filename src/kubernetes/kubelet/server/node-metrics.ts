import type { ResourceUse } from '#containers/runtime.ts'
import { parseQuantity } from '../../quantity.ts'
import { imageIdOf } from '../node-images.ts'
import type { Family, Sample } from './prometheus.ts'
import type { ServedNode } from './served-node.ts'
import { nodeUse, type RunningPod, runningPods } from './summary.ts'

/** `metrics/resource`: what metrics-server reads. Source of names and help texts: pkg/kubelet/metrics/collectors/resource_metrics.go. */
export function resourceFamilies(node: ServedNode): Family[] {
  const { now: at } = node
  const pods = runningPods(node)
  const whole = nodeUse(node, pods)
  const ofPod = ({ pod }: RunningPod) => ({ pod: pod.metadata.name, namespace: pod.metadata.namespace! })
  const containers = (value: (use: ResourceUse) => number): Sample[] =>
    pods.flatMap((running) =>
      running.containers.map(({ name, use }) => ({
        labels: { container: name, ...ofPod(running) },
        value: value(use),
        at,
      })),
    )
  const all = (value: (use: ResourceUse) => number): Sample[] =>
    pods.map((running) => ({ labels: ofPod(running), value: value(running.use), at }))
  const seconds = ({ cpuTotalMs }: ResourceUse) => cpuTotalMs / 1000
  const bytes = ({ memoryBytes }: ResourceUse) => memoryBytes
  const error = '1 if there was an error while getting container metrics, 0 otherwise'
  return [
    {
      name: 'container_cpu_usage_seconds_total',
      help: '[STABLE] Cumulative cpu time consumed by the container in core-seconds',
      type: 'counter',
      samples: containers(seconds),
    },
    {
      name: 'container_memory_working_set_bytes',
      help: '[STABLE] Current working set of the container in bytes',
      type: 'gauge',
      samples: containers(bytes),
    },
    {
      name: 'container_start_time_seconds',
      help: '[STABLE] Start time of the container since unix epoch in seconds',
      type: 'gauge',
      samples: pods.flatMap((running) =>
        running.containers.map(({ name, startedAt }) => ({
          labels: { container: name, ...ofPod(running) },
          value: startedAt / 1000,
        })),
      ),
    },
    {
      name: 'container_swap_usage_bytes',
      help: '[ALPHA] Current amount of the container swap usage in bytes. Reported only on non-windows systems',
      type: 'gauge',
      samples: containers(() => 0),
    },
    {
      name: 'node_cpu_usage_seconds_total',
      help: '[STABLE] Cumulative cpu time consumed by the node in core-seconds',
      type: 'counter',
      samples: [{ value: seconds(whole), at }],
    },
    {
      name: 'node_memory_working_set_bytes',
      help: '[STABLE] Current working set of the node in bytes',
      type: 'gauge',
      samples: [{ value: whole.memoryBytes, at }],
    },
    {
      name: 'node_swap_usage_bytes',
      help: '[ALPHA] Current swap usage of the node in bytes. Reported only on non-windows systems',
      type: 'gauge',
      samples: [{ value: 0, at }],
    },
    {
      name: 'pod_cpu_usage_seconds_total',
      help: '[STABLE] Cumulative cpu time consumed by the pod in core-seconds',
      type: 'counter',
      samples: all(seconds),
    },
    {
      name: 'pod_memory_working_set_bytes',
      help: '[STABLE] Current working set of the pod in bytes',
      type: 'gauge',
      samples: all(bytes),
    },
    {
      name: 'pod_swap_usage_bytes',
      help: '[ALPHA] Current amount of the pod swap usage in bytes. Reported only on non-windows systems',
      type: 'gauge',
      samples: all(() => 0),
    },
    { name: 'resource_scrape_error', help: `[STABLE] ${error}`, type: 'gauge', samples: [{ value: 0 }] },
    {
      name: 'scrape_error',
      help: `[ALPHA] (Deprecated since 1.29.0) ${error}`,
      type: 'gauge',
      samples: [{ value: 0 }],
    },
  ]
}

/** The control group of a pod, as systemd's slices name it; a node's own root may stand before it. */
function podGroup({ pod }: RunningPod): string {
  const uid = pod.metadata.uid!.replaceAll('-', '_')
  const quality = pod.status.qosClass?.toLowerCase()
  if (quality === 'guaranteed') return `/kubepods.slice/kubepods-pod${uid}.slice`
  return `/kubepods.slice/kubepods-${quality}.slice/kubepods-${quality}-pod${uid}.slice`
}

const cadvisor = (name: string, help: string, type: Family['type'], samples: Sample[]): Family => ({
  name,
  help,
  type,
  samples,
})

/** `metrics/cadvisor`: what cAdvisor reads of control groups. Source of names and help texts: google/cadvisor/metrics. */
export function cadvisorFamilies(node: ServedNode): Family[] {
  const { record, now: at } = node
  const pods = runningPods(node)
  const none = { container: '', image: '', name: '', namespace: '', pod: '' }
  const groups = pods.flatMap((running) => {
    const { name: pod, namespace } = running.pod.metadata
    const id = podGroup(running)
    const own = { ...none, pod, namespace: namespace! }
    return [
      { labels: { ...own, id }, use: running.use, limits: {} as Record<string, string>, startedAt: 0 },
      ...running.containers.map(({ worker, name, id: containerId, use, limits, startedAt }) => ({
        labels: {
          ...own,
          container: name,
          name: containerId,
          image: worker.image ? imageIdOf(worker.image) : '',
          id: `${id}/cri-containerd-${containerId}.scope`,
        },
        use,
        limits,
        startedAt,
      })),
    ]
  })
  const root = {
    labels: { ...none, id: '/' },
    use: nodeUse(node, pods),
    limits: {},
    startedAt: record.upSince,
  }
  const everything: typeof groups = [root, ...groups]
  const each = (value: (group: (typeof groups)[number]) => number | undefined, more = {}): Sample[] =>
    everything.flatMap((group) => {
      const found = value(group)
      return found === undefined ? [] : [{ labels: { ...group.labels, ...more }, value: found, at }]
    })
  const started = groups.filter(({ startedAt }) => startedAt > 0)
  const ofLimit = (resource: string) =>
    started.flatMap(({ labels, limits }) =>
      limits[resource] === undefined ? [] : [{ labels, limit: parseQuantity(limits[resource]) }],
    )
  return [
    cadvisor(
      'cadvisor_version_info',
      "A metric with a constant '1' value labeled by kernel version, OS version, docker version, cadvisor version & cadvisor revision.",
      'gauge',
      [
        {
          labels: {
            cadvisorRevision: '',
            cadvisorVersion: '',
            dockerVersion: '',
            kernelVersion: record.nodeInfo.kernelVersion,
            osVersion: record.nodeInfo.osImage,
          },
          value: 1,
        },
      ],
    ),
    cadvisor(
      'container_cpu_usage_seconds_total',
      'Cumulative cpu time consumed in seconds.',
      'counter',
      each(({ use }) => use.cpuTotalMs / 1000, { cpu: 'total' }),
    ),
    cadvisor(
      'container_last_seen',
      'Last time a container was seen by the exporter',
      'gauge',
      each(() => Math.floor(at / 1000)),
    ),
    cadvisor(
      'container_memory_rss',
      'Size of RSS in bytes.',
      'gauge',
      each(({ use }) => use.memoryBytes),
    ),
    cadvisor(
      'container_memory_usage_bytes',
      'Current memory usage in bytes, including all memory regardless of when it was accessed',
      'gauge',
      each(({ use }) => use.memoryBytes),
    ),
    cadvisor(
      'container_memory_working_set_bytes',
      'Current working set in bytes.',
      'gauge',
      each(({ use }) => use.memoryBytes),
    ),
    cadvisor(
      'container_processes',
      'Number of processes running inside the container.',
      'gauge',
      started.map(({ labels, use }) => ({ labels, value: use.processes, at })),
    ),
    cadvisor(
      'container_spec_cpu_period',
      'CPU period of the container.',
      'gauge',
      ofLimit('cpu').map(({ labels }) => ({ labels, value: 100_000 })),
    ),
    cadvisor(
      'container_spec_cpu_quota',
      'CPU quota of the container.',
      'gauge',
      ofLimit('cpu').map(({ labels, limit }) => ({ labels, value: Math.round(limit * 100_000) })),
    ),
    cadvisor(
      'container_spec_memory_limit_bytes',
      'Memory limit for the container.',
      'gauge',
      ofLimit('memory').map(({ labels, limit }) => ({ labels, value: limit })),
    ),
    cadvisor(
      'container_start_time_seconds',
      'Start time of the container since unix epoch in seconds.',
      'gauge',
      started.map(({ labels, startedAt }) => ({ labels, value: Math.floor(startedAt / 1000), at })),
    ),
    cadvisor('machine_cpu_cores', 'Number of logical CPU cores.', 'gauge', [
      { value: parseQuantity(record.capacity.cpu ?? '0') },
    ]),
    cadvisor('machine_memory_bytes', 'Amount of memory installed on the machine.', 'gauge', [
      { value: parseQuantity(record.capacity.memory ?? '0') },
    ]),
  ]
}

/** `metrics`: of the kubelet itself. Source of names and help texts: pkg/kubelet/metrics/metrics.go. */
export function kubeletFamilies(node: ServedNode): Family[] {
  const { record, version, pods } = node
  const running = runningPods(node)
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(version) ?? []
  const exited = pods
    .flatMap((pod) => node.workerOf(pod)?.containers ?? [])
    .filter(({ instance }) => instance?.ending).length
  const one = (name: string, help: string, value: number, labels?: Record<string, string>): Family => ({
    name,
    help,
    type: 'gauge',
    samples: [{ value, ...(labels && { labels }) }],
  })
  const states = [
    { labels: { container_state: 'exited' }, value: exited },
    {
      labels: { container_state: 'running' },
      value: running.reduce((sum, { containers }) => sum + containers.length, 0),
    },
  ]
  return [
    {
      name: 'kubelet_running_containers',
      help: '[ALPHA] Number of containers currently running',
      type: 'gauge',
      samples: states.filter(({ value }) => value > 0),
    },
    one('kubelet_node_name', "[ALPHA] The node's name. The count is always 1.", 1, { node: record.name }),
    one('kubelet_running_pods', '[ALPHA] Number of pods that have a running pod sandbox', running.length),
    one(
      'kubernetes_build_info',
      "[ALPHA] A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.",
      1,
      { git_version: version, major, minor, platform: `linux/${record.nodeInfo.architecture}` },
    ),
    one(
      'process_start_time_seconds',
      'Start time of the process since unix epoch in seconds.',
      record.upSince / 1000,
    ),
  ]
}
