import type * as sdk from '@aws-sdk/client-ecs'
import type { Scope } from '../ec2/index.ts'
import type { ClusterRecord } from './records.ts'
import { capacityProviders } from './tables.ts'

/** The lifecycle hook that drains the instances of a group, as `update-cluster.rst` of the AWS CLI's examples shows it. */
const DRAINING_HOOK = 'ecs-managed-draining-termination-hook'

type Attachment = NonNullable<ClusterRecord['attachments']>[number]

/**
 * What ECS attaches to a cluster for the capacity providers of Auto Scaling groups: a scaling policy each, if their scaling
 * is managed, and a lifecycle hook each, if their draining is. Those that are there already stay.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Cluster.html
 */
export function attachmentsOf(scope: Scope, names: string[], present: Attachment[] = []): Attachment[] {
  const { ids } = scope.world
  const wanted = names.flatMap((provider) => {
    const record = capacityProviders.find(scope, provider)
    return [
      ...(record?.scaling.status === 'ENABLED' ? [{ provider, type: 'as_policy' as const }] : []),
      ...(record?.draining === 'ENABLED' ? [{ provider, type: 'managed_draining' as const }] : []),
    ]
  })
  return wanted.map(
    ({ provider, type }) =>
      present.find((one) => one.provider === provider && one.type === type) ?? {
        id: ids.uuid(),
        provider,
        type,
        name: type === 'as_policy' ? `ECSManagedAutoScalingPolicy-${ids.uuid()}` : DRAINING_HOOK,
      },
  )
}

const toAttachment = ({ id, provider, type, name }: Attachment, status: string): sdk.Attachment => ({
  id,
  type,
  status,
  details: [
    { name: 'capacityProviderName', value: provider },
    { name: type === 'as_policy' ? 'scalingPolicyName' : 'autoScalingLifecycleHookName', value: name },
  ],
})

/** The attachments of a cluster, as they are shown with `ATTACHMENTS`. */
export function toAttachments({
  attachments = [],
}: ClusterRecord): Pick<sdk.Cluster, 'attachments' | 'attachmentsStatus'> {
  if (attachments.length === 0) return {}
  return {
    attachments: attachments.map((one) => toAttachment(one, 'CREATED')),
    attachmentsStatus: 'UPDATE_COMPLETE',
  }
}

/** The same as the call that changes them answers, before they have come and gone. */
export function toChange(
  before: Attachment[] = [],
  after: Attachment[] = [],
): Pick<sdk.Cluster, 'attachments' | 'attachmentsStatus'> {
  const gone = before.filter(({ id }) => !after.some((one) => one.id === id))
  const all = [
    ...after.map((one) =>
      toAttachment(one, before.some(({ id }) => id === one.id) ? 'CREATED' : 'PRECREATED'),
    ),
    ...gone.map((one) => toAttachment(one, 'DELETING')),
  ]
  return all.length === 0 ? {} : { attachments: all, attachmentsStatus: 'UPDATE_IN_PROGRESS' }
}
