import { equal } from '../../equality.ts'
import type { UserInfo } from '../../provider.ts'
import { forbidden } from '../errors.ts'
import type { AdmissionPlugin, StrategyContext } from '../storage/strategy.ts'
import { requestOf } from '../strategies/certificate.ts'

const RESOURCE = 'certificatesigningrequests'
const GROUP = 'certificates.k8s.io'
const CLIENT = 'kubernetes.io/kube-apiserver-client'

/** Whether a user may use a verb on a signer, or on all of its domain. */
function maySign(verb: string, signer: string, user: UserInfo, { authorization }: StrategyContext): boolean {
  const names = [signer, `${signer.split('/')[0]}/*`]
  return names.some(
    (name) =>
      authorization.authorize({
        user,
        verb,
        group: GROUP,
        version: '*',
        resource: 'signers',
        subresource: '',
        namespace: '',
        name,
      }).allowed,
  )
}

/** Approving and signing need the right to the signer's name. Models plugin/pkg/admission/certificates/{approval,signing}. */
export const certificateSigners: AdmissionPlugin = (request, context) => {
  const { kind, operation, subresource, user, object, old, name } = request
  if (kind.plural !== RESOURCE || kind.group !== GROUP || operation !== 'update' || !user || !old) return
  const signer = old.spec.signerName
  const refuse = (verb: string): never => {
    const why = `user not permitted to ${verb} requests with signerName ${JSON.stringify(signer)}`
    throw forbidden(kind, name, why)
  }
  if (subresource === 'approval' && !maySign('approve', signer, user, context)) refuse('approve')
  const signs =
    subresource === 'status' && !equal(object.status?.certificate ?? '', old.status?.certificate ?? '')
  if (signs && !maySign('sign', signer, user, context)) refuse('sign')
}

/** Nobody becomes an administrator by a certificate. Models plugin/pkg/admission/certificates/subjectrestriction. */
export const certificateSubject: AdmissionPlugin = ({ kind, operation, name, object }) => {
  if (kind.plural !== RESOURCE || kind.group !== GROUP || operation !== 'create') return
  if (object.spec.signerName !== CLIENT) return
  if (requestOf(object).organizations.includes('system:masters')) {
    throw forbidden(kind, name, `use of ${CLIENT} signer with system:masters group is not allowed`)
  }
}
