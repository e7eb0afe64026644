import { type CertificateRequest, readRequest, signRequest } from '#network/certificate-request.ts'
import type { Controller } from '#world/controller.ts'
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

/** `--cluster-signing-duration`, and EKS's own. */
const YEAR_MS = 365 * 24 * 3600_000

type Fault = (request: CertificateRequest, usages: string[]) => string | undefined

const onlyUsages =
  (allowed: string[], needed?: string): Fault =>
  (_request, usages) => {
    if (needed && !usages.includes(needed)) return `expected ${needed} usage`
    const other = usages.find((usage) => !allowed.includes(usage))
    return other && `unsupported usage ${other}; allowed are [${allowed.join(' ')}]`
  }

const FAULTS: Record<string, Fault> = {
  [SIGNERS.client]: onlyUsages(['client auth', 'digital signature', 'key encipherment'], 'client auth'),
  [SIGNERS.kubeletClient]: kubeletClientFault,
  [SIGNERS.kubeletServing]: kubeletServingFault,
  // https://docs.aws.amazon.com/eks/latest/userguide/cert-signing.html
  'beta.eks.amazonaws.com/app-serving': onlyUsages(['key encipherment', 'digital signature', 'server auth']),
}

const UPSTREAM = Object.values(SIGNERS) as string[]

/** Signs what was approved, with the cluster's authority. Models pkg/controller/certificates/signer. */
export function certificateSigner(plane: ControlPlane): Controller {
  const { api, options } = plane
  const signers = options.certificateSigners ?? UPSTREAM

  function fail(object: SigningRequest, message: string): void {
    const now = plane.timestamp()
    const failed = {
      type: 'Failed' as const,
      status: 'True',
      reason: 'SignerValidationFailure',
      message,
      lastUpdateTime: now,
      lastTransitionTime: now,
    }
    const conditions = [...(object.status?.conditions ?? []), failed]
    api.updateStatus(REQUESTS, { ...object, status: { ...object.status, conditions } } as SigningRequest)
  }

  return {
    name: 'certificatesigningrequest-signing-controller',
    sources: [{ prefix: api.prefix(REQUESTS), keys: ownKey }],
    async reconcile(name) {
      const authority = options.signingAuthority ?? options.certificateAuthority
      if (!authority.privateKey) return
      const object = api.get<SigningRequest>(REQUESTS, '', name)
      if (!object || object.status?.certificate || !signers.includes(object.spec.signerName)) return
      if (
        !hasCondition(object, 'Approved') ||
        hasCondition(object, 'Denied') ||
        hasCondition(object, 'Failed')
      )
        return
      const pem = pemOf(object)
      const { usages, signerName, expirationSeconds } = object.spec
      const fault = FAULTS[signerName]!(readRequest(pem), usages)
      if (fault) return fail(object, fault)
      const durationMs = Math.min(
        expirationSeconds === undefined ? YEAR_MS : expirationSeconds * 1000,
        YEAR_MS,
      )
      const certificate = await signRequest(authority, pem, {
        usages,
        now: plane.now(),
        durationMs,
      })
      const signed = { ...object.status, certificate: Buffer.from(certificate).toString('base64') }
      api.updateStatus(REQUESTS, { ...object, status: signed } as SigningRequest)
    },
  }
}
