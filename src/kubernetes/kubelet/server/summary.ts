import type { ResourceUse } from '#containers/runtime.ts'
import type { Pod } from '../../objects.ts'
import { parseQuantity } from '../../quantity.ts'
import { timestamp } from '../../time.ts'
import type { ContainerWorker } from '../container-worker.ts'
import { SYSTEM_PARTS, SYSTEM_USE, together, usedFor } from './node-use.ts'
import type { ServedNode } from './served-node.ts'

/** What an ext4 or xfs of a node has of inodes for each byte: one for 16 KiB. */
const BYTES_PER_INODE = 16_384
/** The most processes of a node. Source: the kernel's default `pid_max` on 64 bits. */
const MOST_PROCESSES = 4_194_304

/** A container that runs, with what it uses. */
export interface RunningContainer {
  worker: ContainerWorker
  name: string
  id: string
  /** ms since the epoch. */
  startedAt: number
  use: ResourceUse
  limits: Record<string, string>
  logBytes: number
}

/** A pod of which something runs. */
export interface RunningPod {
  pod: Pod
  containers: RunningContainer[]
  use: ResourceUse
}

/** The pods of a node of which something runs, with what that uses now. */
export function runningPods(node: ServedNode): RunningPod[] {
  return node.pods.flatMap((pod) => {
    const workers = node.workerOf(pod)?.containers.filter(({ running }) => running) ?? []
    if (workers.length === 0) return []
    const containers = workers.map((worker) => {
      const { container, id, startedAt, log } = worker.instance!
      return {
        worker,
        name: worker.name,
        id,
        startedAt,
        use: container.usage(),
        limits: worker.spec.resources?.limits ?? {},
        logBytes: log.bytes,
      }
    })
    return [{ pod, containers, use: together(containers.map(({ use }) => use)) }]
  })
}

/** What a whole node uses now. */
export const nodeUse = ({ record, now }: ServedNode, pods: RunningPod[]): ResourceUse =>
  together([usedFor(SYSTEM_USE, now - record.upSince), ...pods.map(({ use }) => use)])

/** `stats/summary`: what a node, its pods and their containers use. Models pkg/kubelet/server/stats. */
export function summary(node: ServedNode, cpuAndMemoryOnly: boolean): object {
  const { record, now } = node
  const pods = runningPods(node)
  const time = timestamp(now)
  const cpu = ({ cpuMilli, cpuTotalMs }: ResourceUse) => ({
    time,
    usageNanoCores: Math.round(cpuMilli * 1e6),
    usageCoreNanoSeconds: Math.round(cpuTotalMs * 1e6),
  })
  const memory = ({ memoryBytes }: ResourceUse, limitBytes?: number) => ({
    time,
    ...(limitBytes !== undefined && { availableBytes: Math.max(0, limitBytes - memoryBytes) }),
    usageBytes: memoryBytes,
    workingSetBytes: memoryBytes,
    rssBytes: memoryBytes,
  })
  const swap = { time, swapUsageBytes: 0 }
  const capacityBytes = parseQuantity(record.capacity['ephemeral-storage'] ?? '0')
  const imageBytes = node.images.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const logBytes = pods.flatMap(({ containers }) => containers).reduce((sum, c) => sum + c.logBytes, 0)
  const filesystem = (usedBytes: number) => {
    const inodes = Math.floor(capacityBytes / BYTES_PER_INODE)
    const inodesUsed = Math.ceil(usedBytes / BYTES_PER_INODE)
    return {
      time,
      availableBytes: Math.max(0, capacityBytes - imageBytes - logBytes),
      capacityBytes,
      usedBytes,
      inodesFree: inodes - inodesUsed,
      inodes,
      inodesUsed,
    }
  }
  const memoryCapacity = parseQuantity(record.capacity.memory ?? '0')
  const whole = nodeUse(node, pods)
  const system = (name: string, use: ResourceUse, limitBytes?: number) => ({
    name,
    startTime: timestamp(record.upSince),
    cpu: cpu(use),
    memory: memory(use, limitBytes),
    ...(!cpuAndMemoryOnly && { swap }),
  })
  const systemContainers = [
    ...SYSTEM_PARTS.map((part) => system(part.name, usedFor(part, now - record.upSince))),
    system('pods', together(pods.map(({ use }) => use)), parseQuantity(record.allocatable.memory ?? '0')),
  ]
  const full = <Fields extends object>(fields: () => Fields) => (cpuAndMemoryOnly ? {} : fields())
  return {
    node: {
      nodeName: record.name,
      ...full(() => ({ systemContainers })),
      startTime: timestamp(record.upSince),
      cpu: cpu(whole),
      memory: memory(whole, memoryCapacity),
      ...full(() => ({
        fs: filesystem(imageBytes + logBytes),
        runtime: { imageFs: filesystem(imageBytes), containerFs: filesystem(imageBytes) },
        rlimit: { time, maxpid: MOST_PROCESSES, curproc: whole.processes },
      })),
      swap,
    },
    pods: pods.map(({ pod, containers, use }) => ({
      podRef: { name: pod.metadata.name, namespace: pod.metadata.namespace, uid: pod.metadata.uid },
      startTime: pod.status.startTime ?? timestamp(record.upSince),
      containers: containers.map((container) => ({
        name: container.name,
        startTime: timestamp(container.startedAt),
        cpu: cpu(container.use),
        memory: memory(
          container.use,
          container.limits.memory === undefined ? undefined : parseQuantity(container.limits.memory),
        ),
        ...full(() => ({ logs: filesystem(container.logBytes) })),
        swap,
      })),
      cpu: cpu(use),
      memory: memory(use),
      ...full(() => ({
        'ephemeral-storage': filesystem(containers.reduce((sum, c) => sum + c.logBytes, 0)),
        process_stats: { process_count: use.processes },
      })),
      swap,
    })),
  }
}
