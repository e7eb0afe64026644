import type { Node, PersistentVolumeClaim } from '../../objects.ts'
import { AUTO_EBS_DRIVER, classOf, EBS_DRIVER, SELECTED_NODE } from '../../volumes/claims.ts'
import { volumeDataPrefix } from '../../volumes/files.ts'
import type { ControlPlane } from '../control-plane.ts'
import type { CsiDriver } from './provisioner.ts'

const ZONE = 'topology.kubernetes.io/zone'

/** On nodes of EKS Auto Mode `auto`. */
const COMPUTE_TYPE = 'eks.amazonaws.com/compute-type'

type Which = Pick<CsiDriver, 'name' | 'controller' | 'managed'>
/** By what the pods of the driver's controller are found. */
export const EBS: Which = { name: EBS_DRIVER, controller: 'ebs-csi-controller' }
export const AUTO_EBS: Which = {
  name: AUTO_EBS_DRIVER,
  controller: 'eks-auto-ebs-csi-controller',
  managed: true,
}

/** Volumes that are attached to one node, in that node's zone. Models aws-ebs-csi-driver. */
export function ebsDriver({ api, world, options }: ControlPlane, which = EBS): CsiDriver {
  /** Where a volume is made: beside the pod that will use it, or in any zone with nodes. */
  function zoneFor(nodeName: string | undefined): string {
    const nodes = api.list<Node>('nodes')
    const node = nodes.find(({ metadata }) => metadata.name === nodeName) ?? nodes[0]
    return node?.metadata.labels?.[ZONE] ?? ''
  }

  function makeVolume(claim: PersistentVolumeClaim, name: string, zone: string, sizeGiB: number): string {
    const { volumes } = options.provider
    if (!volumes) return `vol-0${world.ids.hex(16)}`
    const { namespace = '', name: claimName } = claim.metadata
    const parameters = classOf(api, claim)?.parameters ?? {}
    const owner = { namespace, name: claimName }
    return volumes.create({ driver: which.name, name, zone, parameters, sizeGiB, claim: owner })
  }

  return {
    ...which,
    /** How long CreateVolume takes until the volume is available. */
    createMs: 3_000,
    refusal({ spec }) {
      const modes = spec.accessModes ?? []
      if (spec.volumeMode === 'Block' || modes.every((mode) => mode.startsWith('ReadWriteOnce'))) return
      return `rpc error: code = InvalidArgument desc = Volume capabilities ${modes.map(csiMode).join(' ')} not supported. Only AccessModes[ReadWriteOnce] supported.`
    },
    create(claim, name, gib) {
      const zone = zoneFor(claim.metadata.annotations?.[SELECTED_NODE])
      const volumeHandle = makeVolume(claim, name, zone, gib)
      const parameters = classOf(api, claim)?.parameters
      const fsType = parameters?.['csi.storage.k8s.io/fstype'] ?? parameters?.fsType ?? 'ext4'
      const isIn = (key: string, value: string) => ({ key, operator: 'In', values: [value] })
      const matchExpressions = [isIn(ZONE, zone), ...(which.managed ? [isIn(COMPUTE_TYPE, 'auto')] : [])]
      return {
        csi: { driver: which.name, fsType, volumeHandle },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } },
      }
    },
    delete(handle) {
      try {
        options.provider.volumes?.delete(handle)
      } catch (error) {
        throw new Error(`rpc error: code = Internal desc = ${(error as Error).message}`)
      }
      const { entries } = world.store.list(volumeDataPrefix(options.uid, `csi/${handle}`))
      world.store.commit(entries.map(({ key }) => ({ key, value: undefined })))
    },
  }
}

/** An access mode as the driver's error names it. */
const csiMode = (mode: string): string =>
  `mount:<fs_type:"ext4" > access_mode:<mode:${mode === 'ReadOnlyMany' ? 'MULTI_NODE_READER_ONLY' : 'MULTI_NODE_MULTI_WRITER'} >`
