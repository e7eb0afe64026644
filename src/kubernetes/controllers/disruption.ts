import type { Controller, Result } from '#world/controller.ts'
import type { KubernetesObject } from '../api.ts'
import { equal } from '../equality.ts'
import type { Pod, PodDisruptionBudget } from '../objects.ts'
import { controllerOf, isReady, nameOf, splitName, withCondition } from '../pods.ts'
import { parseTime } from '../time.ts'
import { type ControlPlane, ownKey } from './control-plane.ts'
import { resolveCount } from './replicas.ts'

const RESOURCE = 'poddisruptionbudgets.policy'
const SOURCE = { component: 'controllermanager' }
/** An evicted pod that is still there after this time is counted again, ms. */
const DELETION_TIMEOUT_MS = 120_000

interface Scaled extends KubernetesObject {
  spec: { replicas?: number }
}

/** Keeps count of how many pods of each budget may be evicted now. Models pkg/controller/disruption. */
export function disruptionController(plane: ControlPlane): Controller {
  const { api, podsByNamespace, budgetsBySelector } = plane

  function reconcile(key: string): Result | undefined {
    const budget = api.get<PodDisruptionBudget>(RESOURCE, ...splitName(key))
    if (!budget || budget.metadata.deletionTimestamp) return
    const pods = podsByNamespace.select(budget.metadata.namespace!, budget.spec.selector)
    if (pods.length === 0) api.event(budget, 'Normal', 'NoPods', 'No matching pods found', SOURCE)
    const { going, recheckMs } = disrupted(budget, pods)
    try {
      const { expected, desired } = expectation(budget, pods)
      const healthy = pods.filter(
        (pod) => isReady(pod) && !pod.metadata.deletionTimestamp && !going[pod.metadata.name],
      ).length
      write(budget, { expected, desired, healthy, going })
    } catch (error) {
      if (!(error instanceof UncountableError)) throw error
      fail(budget, error)
    }
    return recheckMs === undefined ? undefined : { requeueAfterMs: recheckMs }
  }

  /** Evicted pods that have not gone yet, and when the first of them has had its time. */
  function disrupted(budget: PodDisruptionBudget, pods: Pod[]) {
    const going: Record<string, string> = {}
    let recheckMs: number | undefined
    for (const [name, since] of Object.entries(budget.status?.disruptedPods ?? {})) {
      const pod = pods.find(({ metadata }) => metadata.name === name)
      if (!pod || pod.metadata.deletionTimestamp) continue
      const left = parseTime(since) + DELETION_TIMEOUT_MS - plane.now()
      if (left < 0) {
        const message = `Pod was expected by PDB ${nameOf(budget)} to be deleted but it wasn't`
        api.event(pod, 'Warning', 'NotDeleted', message, SOURCE)
        continue
      }
      going[name] = since
      recheckMs = Math.min(recheckMs ?? left, left)
    }
    return { going, recheckMs }
  }

  /** How many pods there should be, and how many of them must be healthy. Throws UncountableError. */
  function expectation(budget: PodDisruptionBudget, pods: Pod[]): { expected: number; desired: number } {
    const { minAvailable, maxUnavailable } = budget.spec
    if (maxUnavailable !== undefined) {
      const expected = expectedScale(budget, pods)
      return { expected, desired: Math.max(0, expected - resolveCount(maxUnavailable, expected, 'up')) }
    }
    if (typeof minAvailable === 'number') return { expected: pods.length, desired: minAvailable }
    if (minAvailable === undefined) return { expected: 0, desired: 0 }
    const expected = expectedScale(budget, pods)
    return { expected, desired: resolveCount(minAvailable, expected, 'up') }
  }

  /** The wanted replicas of all controllers of the pods. */
  function expectedScale(budget: PodDisruptionBudget, pods: Pod[]): number {
    const scales = new Map<string, number>()
    let unmanaged = false
    for (const pod of pods) {
      const owner = controllerOf(pod)
      if (!owner) {
        unmanaged = true
        continue
      }
      if (scales.has(owner.uid)) continue
      const scaled = scaledBy(pod)
      if (!scaled) throw new UncountableError(`found no controllers for pod "${pod.metadata.name}"`)
      scales.set(owner.uid, 0)
      scales.set(scaled.metadata.uid!, scaled.spec.replicas ?? 1)
    }
    if (unmanaged) {
      const selector = Object.entries(budget.spec.selector?.matchLabels ?? {}).map((pair) => pair.join('='))
      const message = `Pods selected by this PodDisruptionBudget (selector: &LabelSelector{MatchLabels:${JSON.stringify(selector)},}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`
      api.event(budget, 'Warning', 'UnmanagedPods', message, SOURCE)
    }
    return [...scales.values()].reduce((sum, count) => sum + count, 0)
  }

  /** What says how many pods like this one there are: the Deployment of its ReplicaSet, a ReplicaSet, a StatefulSet. */
  function scaledBy(pod: Pod): Scaled | undefined {
    let found: Scaled | undefined
    let owner = controllerOf(pod)
    for (let depth = 0; owner && depth < 2; depth++) {
      const { apiVersion, kind, name } = owner
      const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : ''
      const resource = api.resourceNamed(group, kind)?.resource
      const object = resource && api.get<Scaled>(resource, pod.metadata.namespace!, name)
      if (!object || object.spec?.replicas === undefined) break
      found = object
      owner = controllerOf(object)
    }
    return found
  }

  function write(
    budget: PodDisruptionBudget,
    count: { expected: number; desired: number; healthy: number; going: Record<string, string> },
  ): void {
    const spare = count.healthy - count.desired
    const allowed = count.expected <= 0 || spare <= 0 ? 0 : spare
    const condition = {
      type: 'DisruptionAllowed',
      status: allowed > 0 ? 'True' : 'False',
      reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
      message: '',
      observedGeneration: budget.metadata.generation,
    }
    put(budget, {
      currentHealthy: count.healthy,
      desiredHealthy: count.desired,
      expectedPods: count.expected,
      disruptionsAllowed: allowed,
      ...(Object.keys(count.going).length > 0 && { disruptedPods: count.going }),
      observedGeneration: budget.metadata.generation!,
      conditions: conditionsWith(budget, condition),
    } as PodDisruptionBudget['status'])
  }

  function fail(budget: PodDisruptionBudget, { message }: Error): void {
    const text = `Failed to calculate the number of expected pods: ${message}`
    api.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', text, SOURCE)
    const condition = {
      type: 'DisruptionAllowed',
      status: 'False',
      reason: 'SyncFailed',
      message,
      observedGeneration: budget.status?.observedGeneration,
    }
    put(budget, {
      ...budget.status,
      disruptionsAllowed: 0,
      conditions: conditionsWith(budget, condition),
    } as PodDisruptionBudget['status'])
  }

  const conditionsWith = (
    { status }: PodDisruptionBudget,
    condition: { type: string; status: string; reason: string; message: string },
  ) => withCondition<typeof condition>(status?.conditions, condition, plane.timestamp())

  function put(budget: PodDisruptionBudget, status: PodDisruptionBudget['status']): void {
    if (!equal(status, budget.status)) api.updateStatus(RESOURCE, { ...budget, status })
  }

  /** The budgets that select a pod, as it was or is. */
  function concerned(event: { entry: { value: Pod }; previous?: { value: Pod } | undefined }): string[] {
    const { namespace, labels } = event.entry.value.metadata
    const selecting = (wanted: typeof labels) => budgetsBySelector.selecting(namespace!, wanted).map(nameOf)
    const before = event.previous?.value.metadata.labels
    return !event.previous || equal(before, labels)
      ? selecting(labels)
      : [...selecting(labels), ...selecting(before)]
  }

  /** All budgets of a namespace: the size of something with replicas changed. */
  const inNamespace = ({
    entry,
    previous,
  }: {
    entry: { value: Scaled }
    previous?: { value: Scaled } | undefined
  }): string[] =>
    entry.value.spec.replicas === previous?.value.spec.replicas
      ? []
      : api.list<PodDisruptionBudget>(RESOURCE, entry.value.metadata.namespace).map(nameOf)

  return {
    name: 'disruption',
    sources: [
      { prefix: api.prefix(RESOURCE), keys: ownKey },
      { prefix: api.prefix('pods'), keys: concerned },
      ...['deployments.apps', 'replicasets.apps', 'statefulsets.apps'].map((resource) => ({
        prefix: api.prefix(resource),
        keys: inNamespace,
      })),
    ],
    reconcile,
  }
}

/** The pods' controllers do not say how many pods there should be. */
class UncountableError extends Error {
  override readonly name = 'UncountableError'
}
