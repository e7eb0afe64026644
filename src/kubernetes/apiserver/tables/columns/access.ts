import type { Obj } from '../../json.ts'
import { AGE, type Column, conditionStatus, NAME, number, text, type Value, wide } from '../column.ts'
import { humanDuration } from '../duration.ts'
import { joined } from '../format.ts'

function csrCondition({ status }: Obj): string {
  const types = new Set((status?.conditions ?? []).map((condition: Obj) => condition.type))
  const state = types.has('Denied') ? 'Denied' : types.has('Approved') ? 'Approved' : 'Pending'
  return [state, types.has('Failed') && 'Failed', status?.certificate && 'Issued'].filter(Boolean).join(',')
}

const roleRef = ({ roleRef: role }: Obj) => `${role.kind}/${role.name}`

const subjects =
  (kind: string): Value =>
  (object) =>
    joined(
      (object.subjects ?? [])
        .filter((subject: Obj) => subject.kind === kind)
        .map((subject: Obj) => (subject.namespace ? `${subject.namespace}/${subject.name}` : subject.name)),
      ', ',
    )

const BINDING = [
  NAME,
  text('Role', roleRef),
  AGE,
  wide(text('Users', subjects('User'))),
  wide(text('Groups', subjects('Group'))),
  wide(text('ServiceAccounts', subjects('ServiceAccount'))),
]

const webhooks = [NAME, number('Webhooks', (object) => object.webhooks?.length ?? 0), AGE]

/** Who may do what with the API: rights, certificates, admission, priority of requests, APIs of others. By resource with group. */
export const ACCESS: Record<string, Column[]> = {
  serviceaccounts: [NAME, number('Secrets', (object) => object.secrets?.length ?? 0), AGE],
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': webhooks,
  'validatingwebhookconfigurations.admissionregistration.k8s.io': webhooks,
  'validatingadmissionpolicies.admissionregistration.k8s.io': [
    NAME,
    number('Validations', (object) => object.spec?.validations?.length ?? 0),
    text('ParamKind', ({ spec }) =>
      spec?.paramKind ? `${spec.paramKind.apiVersion}/${spec.paramKind.kind}` : '<unset>',
    ),
    AGE,
  ],
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': [
    NAME,
    text('PolicyName', 'spec.policyName'),
    text('ParamRef', ({ spec }) =>
      spec?.paramRef?.name ? [spec.paramRef.namespace ?? '*', spec.paramRef.name].join('/') : '<unset>',
    ),
    AGE,
  ],
  'apiservices.apiregistration.k8s.io': [
    NAME,
    text('Service', ({ spec }) =>
      spec.service ? `${spec.service.namespace}/${spec.service.name}` : 'Local',
    ),
    text('Available', (object) => {
      const condition = object.status?.conditions?.find((item: Obj) => item.type === 'Available')
      if (!condition) return 'Unknown'
      return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason})`
    }),
    AGE,
  ],
  'certificatesigningrequests.certificates.k8s.io': [
    NAME,
    AGE,
    text('SignerName', 'spec.signerName', '<none>'),
    text('Requestor', 'spec.username'),
    text('RequestedDuration', ({ spec }) =>
      spec.expirationSeconds ? humanDuration(spec.expirationSeconds * 1000) : '<none>',
    ),
    text('Condition', csrCondition),
  ],
  'flowschemas.flowcontrol.apiserver.k8s.io': [
    NAME,
    text('PriorityLevel', 'spec.priorityLevelConfiguration.name', '<none>'),
    number('MatchingPrecedence', 'spec.matchingPrecedence'),
    text('DistinguisherMethod', 'spec.distinguisherMethod.type', '<none>'),
    AGE,
    text('MissingPL', (object) => conditionStatus(object, 'Dangling') ?? '?'),
  ],
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': [
    NAME,
    text('Type', 'spec.type'),
    text('NominalConcurrencyShares', 'spec.limited.nominalConcurrencyShares', '<none>'),
    text('Queues', 'spec.limited.limitResponse.queuing.queues', '<none>'),
    text('HandSize', 'spec.limited.limitResponse.queuing.handSize', '<none>'),
    text('QueueLengthLimit', 'spec.limited.limitResponse.queuing.queueLengthLimit', '<none>'),
    AGE,
  ],
  'roles.rbac.authorization.k8s.io': [NAME, text('Created At', 'metadata.creationTimestamp')],
  'clusterroles.rbac.authorization.k8s.io': [NAME, text('Created At', 'metadata.creationTimestamp')],
  'rolebindings.rbac.authorization.k8s.io': BINDING,
  'clusterrolebindings.rbac.authorization.k8s.io': BINDING,
}
