import type { ClusterApi } from '../api.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '../objects.ts'
import { nodeMatchesTerm } from '../selectors.ts'
import {
  CLAIMS,
  claimNames,
  claimReference,
  classOf,
  isBound,
  isDelayed,
  matchingVolume,
  provisionerOf,
  SELECTED_NODE,
  VOLUMES,
} from '../volumes/claims.ts'

/** A volume may be reached only from the nodes of its affinity. */
function isReachable({ spec }: PersistentVolume, { metadata }: Node): boolean {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms
  const node = { name: metadata.name, labels: metadata.labels }
  return !terms || terms.some((term) => nodeMatchesTerm(node, term))
}

const NO_MATCH = "node(s) didn't find available persistent volumes to bind"
const CONFLICT = "node(s) didn't match PersistentVolume's node affinity"
const LOST = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'

/** The claims of a pod, and where they let it be. Models plugins/volumebinding. Made for one scheduling attempt. */
export class PodClaims {
  readonly #api: ClusterApi
  readonly #bound: PersistentVolumeClaim[] = []
  readonly #delayed: PersistentVolumeClaim[] = []
  /** Why no node can take the pod now, whatever it is like. */
  readonly refusal: string | undefined

  constructor(pod: Pod, api: ClusterApi) {
    this.#api = api
    for (const name of claimNames(pod)) {
      const claim = api.get<PersistentVolumeClaim>(CLAIMS, pod.metadata.namespace!, name)
      if (!claim) this.refusal = `persistentvolumeclaim "${name}" not found`
      else if (claim.metadata.deletionTimestamp)
        this.refusal = `persistentvolumeclaim "${name}" is being deleted`
      else if (claim.status?.phase === 'Lost')
        this.refusal = `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec.volumeName}"`
      else if (isBound(claim)) this.#bound.push(claim)
      else if (isDelayed(api, claim)) this.#delayed.push(claim)
      else this.refusal = 'pod has unbound immediate PersistentVolumeClaims'
      if (this.refusal) return
    }
  }

  /** Whether some volume is still to be found or made. */
  get waits(): boolean {
    return this.#delayed.length > 0
  }

  /** The node that volumes are being made for. */
  get selectedNode(): string | undefined {
    const claims = [...this.#delayed, ...this.#bound]
    return claims.map(({ metadata }) => metadata.annotations?.[SELECTED_NODE]).find(Boolean)
  }

  /** Why a node cannot have the pod's volumes. */
  nodeRefusal(node: Node): string | undefined {
    for (const { spec } of this.#bound) {
      const volume = this.#api.get<PersistentVolume>(VOLUMES, '', spec.volumeName!)
      if (!volume) return LOST
      if (!isReachable(volume, node)) return CONFLICT
    }
    for (const claim of this.#delayed) {
      if (!this.#volumeFor(claim, node) && !this.#canProvision(claim, node)) return NO_MATCH
    }
  }

  /** Takes the volumes that are there, and asks for the others, for a pod that is to be on this node. */
  reserve(node: Node): void {
    for (const claim of this.#delayed) {
      const volume = this.#volumeFor(claim, node)
      if (volume) {
        if (!volume.spec.claimRef) {
          this.#api.update(VOLUMES, { ...volume, spec: { ...volume.spec, claimRef: claimReference(claim) } })
        }
      } else if (claim.metadata.annotations?.[SELECTED_NODE] !== node.metadata.name) {
        const annotations = { ...claim.metadata.annotations, [SELECTED_NODE]: node.metadata.name }
        this.#api.update(CLAIMS, { ...claim, metadata: { ...claim.metadata, annotations } })
      }
    }
  }

  #volumeFor(claim: PersistentVolumeClaim, node: Node): PersistentVolume | undefined {
    const found = matchingVolume(this.#api.list<PersistentVolume>(VOLUMES), claim, (volume) =>
      isReachable(volume, node),
    )
    return found && isReachable(found, node) ? found : undefined
  }

  #canProvision(claim: PersistentVolumeClaim, node: Node): boolean {
    const found = classOf(this.#api, claim)
    if (!found || provisionerOf(found).startsWith('kubernetes.io/')) return false
    const topologies = found.allowedTopologies
    if (!topologies?.length) return true
    return topologies.some(({ matchLabelExpressions = [] }) =>
      matchLabelExpressions.every(({ key, values }) => values.includes(node.metadata.labels?.[key] ?? '')),
    )
  }
}
