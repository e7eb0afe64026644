import type { CertificateRequest } from '#network/certificate-request.ts'
import type { KubernetesObject } from '../../api.ts'

export const REQUESTS = 'certificatesigningrequests.certificates.k8s.io'

export interface SigningCondition {
  type: 'Approved' | 'Denied' | 'Failed'
  status: string
  reason: string
  message: string
  lastUpdateTime?: string
  lastTransitionTime?: string
}

export interface SigningRequest extends KubernetesObject {
  spec: {
    /** PEM in base64. */
    request: string
    signerName: string
    usages: string[]
    expirationSeconds?: number
    username?: string
    uid?: string
    groups?: string[]
    extra?: Record<string, string[]>
  }
  status?: { conditions?: SigningCondition[]; certificate?: string }
}

export const SIGNERS = {
  client: 'kubernetes.io/kube-apiserver-client',
  kubeletClient: 'kubernetes.io/kube-apiserver-client-kubelet',
  kubeletServing: 'kubernetes.io/kubelet-serving',
} as const

export const pemOf = ({ spec }: SigningRequest): string =>
  Buffer.from(spec.request, 'base64').toString('latin1')

export const hasCondition = ({ status }: SigningRequest, type: SigningCondition['type']): boolean =>
  status?.conditions?.some((condition) => condition.type === type) ?? false

const NODES = 'system:nodes'
const NODE = 'system:node:'

const isNode = ({ commonName, organizations }: CertificateRequest): string | undefined => {
  if (organizations.length !== 1 || organizations[0] !== NODES) return `subject organization is not ${NODES}`
  return commonName.startsWith(NODE) ? undefined : `subject common name does not begin with '${NODE}'`
}

/** What is wrong with a kubelet's request for its client certificate. Models pkg/apis/certificates.ValidateKubeletClientCSR. */
export function kubeletClientFault(request: CertificateRequest, usages: string[]): string | undefined {
  const wrong = isNode(request)
  if (wrong) return wrong
  if (request.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed'
  if (request.emails.length > 0) return 'Email subjectAltNames are not allowed'
  if (request.addresses.length > 0) return 'IP subjectAltNames are not allowed'
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed'
  return areUsages(usages, ['digital signature', 'client auth'])
    ? undefined
    : 'usages did not match [key encipherment digital signature client auth] or [digital signature client auth]'
}

/** Models pkg/apis/certificates.ValidateKubeletServingCSR. */
export function kubeletServingFault(request: CertificateRequest, usages: string[]): string | undefined {
  const wrong = isNode(request)
  if (wrong) return wrong
  if (request.dnsNames.length === 0 && request.addresses.length === 0)
    return 'DNS or IP subjectAltName is required'
  if (request.emails.length > 0) return 'Email subjectAltNames are not allowed'
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed'
  return areUsages(usages, ['digital signature', 'server auth'])
    ? undefined
    : 'usages did not match [key encipherment digital signature server auth] or [digital signature server auth]'
}

function areUsages(usages: string[], wanted: string[]): boolean {
  const rest = new Set(usages)
  rest.delete('key encipherment')
  return rest.size === wanted.length && wanted.every((usage) => rest.has(usage))
}
