import type { UserInfo } from '../../provider.ts'
import { clone, type Obj } from '../json.ts'
import { conversionTo } from '../kinds/conversion.ts'
import { apiVersionOf, type Kind } from '../kinds/kind.ts'
import type { AdmissionRequest } from '../storage/strategy.ts'
import { operationOf } from './matching.ts'

/** Who the cluster's own components are to webhooks and policies. */
const COMPONENTS: UserInfo = {
  username: 'system:kube-controller-manager',
  groups: ['system:authenticated'],
}

const OPTIONS = {
  create: 'CreateOptions',
  update: 'UpdateOptions',
  delete: 'DeleteOptions',
  connect: undefined,
}

/** The user of a request, as a webhook and an expression see it. */
export const userOf = ({ user }: AdmissionRequest): UserInfo => user ?? COMPONENTS

/** `AdmissionRequest` of `admission.k8s.io/v1`, without its objects and uid. */
export function requestOf(request: AdmissionRequest, kind: Kind): Obj {
  const { kind: stored, subresource, name, namespace, operation, dryRun } = request
  const kindIn = ({ group, version, kind: of }: Kind) => ({
    group,
    version,
    // A connection is about its options, which are of a kind of their own.
    kind: operation === 'connect' ? request.object.kind : of,
  })
  const resourceIn = ({ group, version, plural }: Kind) => ({ group, version, resource: plural })
  return {
    kind: kindIn(kind),
    resource: resourceIn(kind),
    ...(subresource && { subResource: subresource }),
    requestKind: kindIn(stored),
    requestResource: resourceIn(stored),
    ...(subresource && { requestSubResource: subresource }),
    ...(name && !isGenerated(request) && { name }),
    ...(namespace && { namespace }),
    operation: operationOf(request),
    userInfo: userOf(request),
    dryRun,
    options: OPTIONS[operation] ? { kind: OPTIONS[operation], apiVersion: 'meta.k8s.io/v1' } : null,
  }
}

/** Whether the name was made here, after admission as clients know it. */
const isGenerated = ({ operation, object }: AdmissionRequest) =>
  operation === 'create' && Boolean(object.metadata.generateName)

/** An object in the version in which it is to be seen; a fresh copy. */
export function seenAs(kind: Kind, object: Obj | undefined): Obj | null {
  if (!object) return null
  const copy = clone(object)
  if (kind.custom) return { ...copy, apiVersion: apiVersionOf(kind), kind: kind.kind }
  return kind.storedAs ? conversionTo(kind)(copy) : copy
}

/** The new object and the one before, as a webhook of that version sees them. */
export function objectsOf(
  request: AdmissionRequest,
  kind: Kind,
): { object: Obj | null; oldObject: Obj | null } {
  const { operation, object, old } = request
  if (operation === 'connect') return { object: clone(object), oldObject: null }
  return {
    object: operation === 'delete' ? null : seenAs(kind, object),
    oldObject: operation === 'create' ? null : seenAs(kind, old),
  }
}
