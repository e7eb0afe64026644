import type { ContainerSpecification, Node, Pod, PodCondition } from '../objects.ts'
import { isFinished } from '../pods.ts'
import { amountOf, amountsOf, requestsOf } from '../scheduler/requests.ts'
import type { ContainerWorker } from './container-worker.ts'
import type { PodContext } from './pod-context.ts'

/** Why a resize has to wait for room, or can never be. */
interface Refusal {
  reason: 'Deferred' | 'Infeasible'
  message: string
}

type Resources = ContainerSpecification['resources']

/** What in-place resize can change. */
const RESIZABLE = ['cpu', 'memory'] as const

/** The resources of which a container's requests or limits differ. */
export const changedResources = (before: Resources, after: Resources): string[] =>
  RESIZABLE.filter((name) =>
    (['requests', 'limits'] as const).some(
      (part) => amountOf(name, before?.[part]?.[name]) !== amountOf(name, after?.[part]?.[name]),
    ),
  )

/**
 * What a pod's containers have been given of their node, where that is not (or not yet) what the pod asks for.
 * Models pkg/kubelet/allocation.
 */
export class PodResize {
  readonly #context: PodContext
  /** By container. */
  readonly #allocated = new Map<string, Resources>()
  #pending: Refusal | undefined
  /** A granted resize that not all containers run with yet. */
  #inProgress = false

  constructor(context: PodContext, pod: Pod) {
    this.#context = context
    const waiting = pod.status.conditions?.some(({ type }) => type === 'PodResizePending')
    for (const container of resizable(pod)) {
      const status = statusesOf(pod).find(({ name }) => name === container.name)
      // Before this process ran the pod may have been refused what it asks for.
      this.#allocated.set(container.name, (waiting && status?.resources) || container.resources)
    }
  }

  /** Whether the node has not granted what the pod asks for. */
  get pending(): boolean {
    return this.#pending !== undefined
  }

  /** A container with the resources that it may use. */
  allocated(container: ContainerSpecification): ContainerSpecification {
    const resources = this.#allocated.get(container.name)
    if (!this.#allocated.has(container.name) || resources === container.resources) return container
    const { resources: _, ...rest } = container
    return resources ? { ...rest, resources } : rest
  }

  /** Grants what the pod asks for, if the node has it. */
  review(pod: Pod): void {
    const wanted = resizable(pod).filter(
      ({ name, resources }) => changedResources(this.#allocated.get(name), resources).length > 0,
    )
    if (wanted.length === 0) {
      this.#pending = undefined
      return
    }
    const refusal = this.#refusal(pod)
    if (refusal) return this.#refuse(pod, refusal)
    this.#pending = undefined
    for (const { name, resources } of wanted) this.#allocated.set(name, resources)
    this.#inProgress = true
    this.#context.event(pod, 'Normal', 'ResizeStarted', `Pod resize started: ${summary(pod)}`)
  }

  /** The conditions that tell of it; a resize is over when every container runs with what it was given. */
  conditions(pod: Pod, containers: ContainerWorker[]): Pick<PodCondition, 'type' | 'reason' | 'message'>[] {
    if (this.#inProgress && containers.every((container) => this.#isDone(container))) {
      this.#inProgress = false
      this.#context.event(pod, 'Normal', 'ResizeCompleted', `Pod resize completed: ${summary(pod)}`)
    }
    return [
      ...(this.#pending ? [{ type: 'PodResizePending', ...this.#pending }] : []),
      ...(this.#inProgress ? [{ type: 'PodResizeInProgress' }] : []),
    ]
  }

  #isDone({ name, instance, running }: ContainerWorker): boolean {
    if (!this.#allocated.has(name)) return true
    if (!running || instance!.stopping) return false
    return changedResources(instance!.resources, this.#allocated.get(name)).length === 0
  }

  #refusal(pod: Pod): Refusal | undefined {
    const { api, nodeName } = this.#context
    const node = api.get<Node>('nodes', '', nodeName)
    const allocatable = amountsOf(node?.status?.allocatable)
    const { conditions: _, ...status } = pod.status
    const wanted = requestsOf({ ...pod, status })
    for (const name of ['memory', 'cpu'] as const) {
      const [requested, capacity] = [wanted[name] ?? 0, allocatable[name] ?? 0]
      if (requested <= capacity) continue
      const message = `Node didn't have enough capacity: ${name}, requested: ${requested}, capacity: ${capacity}`
      return { reason: 'Infeasible', message }
    }
    const others = this.#context
      .neighbours()
      .filter((other) => other.metadata.uid !== pod.metadata.uid && !isFinished(other))
      .map(requestsOf)
    for (const name of RESIZABLE) {
      const used = others.reduce((sum, amounts) => sum + (amounts[name] ?? 0), 0)
      const [requested, capacity] = [wanted[name] ?? 0, allocatable[name] ?? 0]
      if (requested + used <= capacity) continue
      const message = `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`
      return { reason: 'Deferred', message }
    }
  }

  #refuse(pod: Pod, refusal: Refusal): void {
    const known = this.#pending
    this.#pending = refusal
    if (known?.reason === refusal.reason && known.message === refusal.message) return
    const text = `Pod resize ${refusal.reason}: ${summary(pod, refusal.message)}`
    this.#context.event(pod, 'Warning', `Resize${refusal.reason}`, text)
  }
}

const statusesOf = ({ status }: Pod) => [
  ...(status.initContainerStatuses ?? []),
  ...(status.containerStatuses ?? []),
]

const resizable = ({ spec }: Pod): ContainerSpecification[] => [
  ...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'),
  ...spec.containers,
]

/** What the pod asks for, as the kubelet's events show it. Models pkg/kubelet/events/resize.go. */
function summary({ spec, metadata }: Pod, error?: string): string {
  const shown = (containers: ContainerSpecification[] | undefined) =>
    containers?.map(({ name, resources = {} }) => ({
      name,
      resources: {
        ...(resources.limits && { limits: resources.limits }),
        ...(resources.requests && { requests: resources.requests }),
      },
    }))
  return JSON.stringify({
    initContainers: shown(spec.initContainers),
    containers: shown(spec.containers),
    generation: metadata.generation,
    error,
  })
}
