import { podStatus, readyContainers } from '#kubernetes/apiserver/tables/pods.ts'
import type { Part, PartState } from './part.ts'

// biome-ignore lint/suspicious/noExplicitAny: objects as served
type Obj = any

/** Makes the part of one object of a cluster. */
type Projection = (object: Obj, cluster: string) => Part

const BAD =
  /^(?:Init:)?(Err|CrashLoop|ImagePull|Invalid|Create.*Error|OOMKilled|Error|Evicted|Failed|RunContainerError|Unknown|NotReady|ExitCode|Signal)/

/** By group and resource, as in the store's keys. */
export const KUBERNETES_PARTS: Record<string, Projection> = {
  'core/nodes': (node, cluster) => {
    const ready = condition(node, 'Ready') === 'True'
    const cordoned = node.spec?.unschedulable === true
    const instance = /i-[0-9a-f]+$/.exec(node.spec?.providerID ?? '')?.[0]
    return {
      id: nodeId(cluster, node.metadata.name),
      kind: 'node',
      parent: instance ?? clusterId(cluster),
      name: node.metadata.name,
      state: ready ? (cordoned ? 'waiting' : 'good') : 'bad',
      status: `${ready ? 'Ready' : 'NotReady'}${cordoned ? ',SchedulingDisabled' : ''}`,
      facts: { Kubelet: node.status?.nodeInfo?.kubeletVersion ?? '' },
    }
  },
  'core/pods': (pod, cluster) => {
    const status = podStatus(pod)
    const { namespace, name } = pod.metadata
    return {
      id: `pod/${cluster}/${namespace}/${name}`,
      kind: 'pod',
      parent: pod.spec?.nodeName ? nodeId(cluster, pod.spec.nodeName) : clusterId(cluster),
      name,
      state: podState(pod, status),
      status,
      facts: {
        Namespace: namespace,
        Ready: readyContainers(pod),
        ...(pod.status?.podIP && { Address: pod.status.podIP }),
      },
    }
  },
  'apps/deployments': (deployment, cluster) => {
    const { namespace, name } = deployment.metadata
    const wanted = deployment.spec?.replicas ?? 1
    const ready = deployment.status?.readyReplicas ?? 0
    return {
      id: `deployment/${cluster}/${namespace}/${name}`,
      kind: 'deployment',
      parent: clusterId(cluster),
      name,
      state: ready >= wanted ? 'good' : condition(deployment, 'Progressing') === 'False' ? 'bad' : 'waiting',
      status: `${ready}/${wanted} ready`,
      facts: { Namespace: namespace },
    }
  },
}

function podState(pod: Obj, status: string): PartState {
  if (status === 'Completed' || status === 'Succeeded') return 'off'
  if (BAD.test(status)) return 'bad'
  return status === 'Running' && condition(pod, 'Ready') === 'True' ? 'good' : 'waiting'
}

function condition(object: Obj, type: string): string | undefined {
  return object.status?.conditions?.find((one: { type: string }) => one.type === type)?.status
}

export const clusterId = (uid: string) => `kubernetes/${uid}`
const nodeId = (uid: string, name: string) => `node/${uid}/${name}`
