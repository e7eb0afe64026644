import { readRequest } from '#network/certificate-request.ts'
import type { Controller } from '#world/controller.ts'
import { type ControlPlane, ownKey } from '../control-plane.ts'
import {
  hasCondition,
  kubeletClientFault,
  pemOf,
  REQUESTS,
  SIGNERS,
  type SigningRequest,
} from './requests.ts'

interface Recognizer {
  /** The right that whoever asks needs, as a subresource of the requests. */
  permission: 'selfnodeclient' | 'nodeclient'
  message: string
  isSelf: boolean
}

const RECOGNIZERS: Recognizer[] = [
  {
    permission: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
    isSelf: true,
  },
  {
    permission: 'nodeclient',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
    isSelf: false,
  },
]

/** Approves the client certificates of kubelets that have the right to them. Models pkg/controller/certificates/approver. */
export function certificateApprover(plane: ControlPlane): Controller {
  const { api } = plane
  return {
    name: 'certificatesigningrequest-approving-controller',
    sources: [{ prefix: api.prefix(REQUESTS), keys: ownKey }],
    reconcile(name) {
      const object = api.get<SigningRequest>(REQUESTS, '', name)
      if (object?.spec.signerName !== SIGNERS.kubeletClient || object.status?.certificate) return
      if (hasCondition(object, 'Approved') || hasCondition(object, 'Denied')) return
      const asked = readRequest(pemOf(object))
      if (kubeletClientFault(asked, object.spec.usages)) return
      const { username = '', uid, groups = [], extra } = object.spec
      const user = { username, groups, ...(uid && { uid }), ...(extra && { extra }) }
      const fits = RECOGNIZERS.find(
        ({ permission, isSelf }) =>
          (!isSelf || asked.commonName === username) &&
          api.mayAccess({
            user,
            verb: 'create',
            group: 'certificates.k8s.io',
            version: '*',
            resource: 'certificatesigningrequests',
            subresource: permission,
            namespace: '',
            name: '',
          }),
      )
      if (!fits) return
      const now = plane.timestamp()
      const approved = {
        type: 'Approved',
        status: 'True',
        reason: 'AutoApproved',
        message: fits.message,
        lastUpdateTime: now,
        lastTransitionTime: now,
      }
      const conditions = [...(object.status?.conditions ?? []), approved]
      api.update(`${REQUESTS}/approval`, {
        ...object,
        status: { ...object.status, conditions },
      } as SigningRequest)
    },
  }
}
