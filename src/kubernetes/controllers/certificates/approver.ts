import { readRequest } from '#network/certificate-request.ts'
import type { Controller } from '#world/controller.ts'
import { parseTime } from '../../time.ts'
import { type ControlPlane, ownKey } from '../control-plane.ts'
import {
  hasCondition,
  kubeletClientFault,
  kubeletServingFault,
  pemOf,
  REQUESTS,
  SIGNERS,
  type SigningRequest,
} from './requests.ts'

interface Recognizer {
  signer: string
  fault: typeof kubeletClientFault
  /** The right that whoever asks needs, as a subresource of the requests. */
  permission: 'selfnodeclient' | 'nodeclient' | 'selfnodeserver'
  message: string
  isSelf: boolean
}

const CLIENT = { signer: SIGNERS.kubeletClient, fault: kubeletClientFault }
const RECOGNIZERS: Recognizer[] = [
  {
    ...CLIENT,
    permission: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
    isSelf: true,
  },
  {
    ...CLIENT,
    permission: 'nodeclient',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
    isSelf: false,
  },
]

/** Upstream leaves serving certificates to an administrator or, on EKS, to the cloud; the message there is from knowledge (2026-11). */
const SERVING: Recognizer = {
  signer: SIGNERS.kubeletServing,
  fault: kubeletServingFault,
  permission: 'selfnodeserver',
  message: 'Auto approving self kubelet server certificate after SubjectAccessReview.',
  isSelf: true,
}

/** How soon a request whose sender lacks the right is looked at again, ms: then after twice its age. */
const RETRY_MS = 200

/** Approves the client certificates of kubelets that have the right to them. Models pkg/controller/certificates/approver. */
export function certificateApprover(plane: ControlPlane): Controller {
  const { api, options } = plane
  const recognizers = options.signedKubelets ? [...RECOGNIZERS, SERVING] : RECOGNIZERS
  return {
    name: 'certificatesigningrequest-approving-controller',
    sources: [{ prefix: api.prefix(REQUESTS), keys: ownKey }],
    reconcile(name) {
      const object = api.get<SigningRequest>(REQUESTS, '', name)
      if (!object || object.status?.certificate) return
      const fitting = recognizers.filter(({ signer }) => signer === object.spec.signerName)
      if (fitting.length === 0) return
      if (hasCondition(object, 'Approved') || hasCondition(object, 'Denied')) return
      const asked = readRequest(pemOf(object))
      const { username = '', uid, groups = [], extra } = object.spec
      const user = { username, groups, ...(uid && { uid }), ...(extra && { extra }) }
      const fits = fitting.find(
        ({ fault, permission, isSelf }) =>
          !fault(asked, object.spec.usages) &&
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
      // Who asks may be given the right later.
      if (!fits)
        return {
          requeueAfterMs: Math.max(RETRY_MS, plane.now() - parseTime(object.metadata.creationTimestamp)),
        }
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
