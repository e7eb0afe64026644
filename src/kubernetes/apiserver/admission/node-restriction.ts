import { nodeOf } from '../auth/node.ts'
import { forbidden } from '../errors.ts'
import type { AdmissionPlugin } from '../storage/strategy.ts'

const MIRROR = 'kubernetes.io/config.mirror'

/** A kubelet may change only its own node and what runs there. Models plugin/pkg/admission/noderestriction. */
export const nodeRestriction: AdmissionPlugin = ({
  operation,
  kind,
  name,
  object,
  old,
  subresource,
  user,
}) => {
  const node = user && nodeOf(user)
  if (node === undefined) return
  const refuse = (why: string) => {
    throw forbidden(kind, name, why)
  }
  const own = `node ${JSON.stringify(node)}`
  if (kind.group === '' && kind.plural === 'nodes' && name !== node) {
    refuse(`${own} is not allowed to modify node ${JSON.stringify(name)}`)
  }
  if (kind.group === 'coordination.k8s.io' && kind.plural === 'leases' && name !== node) {
    refuse(`can only access node lease with the same name as the requesting node`)
  }
  if (kind.group !== '' || kind.plural !== 'pods') return
  if (operation === 'create' && !object.metadata.annotations?.[MIRROR]) {
    refuse(`pod does not have ${JSON.stringify(MIRROR)} annotation, ${own} can only create mirror pods`)
  }
  if (operation === 'delete' && old?.spec.nodeName !== node) {
    refuse(`${own} can only delete pods with spec.nodeName set to itself`)
  }
  if (operation === 'update' && subresource !== 'status') {
    refuse(`unexpected operation "UPDATE", ${own} can only create and delete mirror pods`)
  }
  if (operation === 'update' && old?.spec.nodeName !== node) {
    refuse(`${own} can only update pod status for pods with spec.nodeName set to itself`)
  }
}
