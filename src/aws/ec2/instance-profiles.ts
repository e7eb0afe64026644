import type * as sdk from '@aws-sdk/client-ec2'
import { Entities } from '../iam/entities.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { invalidParameterValue, required } from './errors.ts'
import { select } from './filters.ts'
import { newProfileAssociation } from './launch.ts'
import type { InstanceRecord } from './records.ts'
import type { Scope } from './scope.ts'
import { instances } from './tables.ts'

type Profile = NonNullable<InstanceRecord['profile']>

/**
 * The instance profile of a request, by name or ARN; its caller must be allowed to pass its role to EC2.
 * Throws InvalidParameterValue and UnauthorizedOperation.
 */
export function profileFor(
  context: RequestContext,
  asked: sdk.IamInstanceProfileSpecification,
): Pick<Profile, 'arn' | 'id'> {
  const entities = new Entities(context.world, context.accountId)
  const profile = entities.get('instance-profile', (asked.Name ?? asked.Arn ?? '').split('/').at(-1)!)
  if (!profile || (asked.Arn && asked.Arn !== profile.arn)) {
    const [given, member] = asked.Arn ? [asked.Arn, 'arn'] : [asked.Name, 'name']
    throw invalidParameterValue(
      `Value (${given}) for parameter iamInstanceProfile.${member} is invalid. Invalid IAM Instance Profile ${member === 'arn' ? 'ARN' : 'name'}`,
    )
  }
  for (const name of profile.roles) {
    const role = entities.get('role', name)
    if (role) context.authorize('iam:PassRole', role.arn, { 'iam:PassedToService': 'ec2.amazonaws.com' })
  }
  return { arn: profile.arn, id: profile.id }
}

const toAssociation = ({ id, profile }: InstanceRecord, State: sdk.IamInstanceProfileAssociationState) => ({
  AssociationId: profile!.associationId,
  InstanceId: id,
  IamInstanceProfile: { Arn: profile!.arn, Id: profile!.id },
  State,
})

/** The running or stopped instance that an association is of. */
function associated(scope: Scope, id: string | undefined): InstanceRecord {
  const found = instances.list(scope).find(({ profile }) => profile && profile.associationId === id)
  if (found) return found
  throw new AwsError('NoSuchAssociation', `An invalid association-id of '${id}' was given.`)
}

function give(context: RequestContext, instance: InstanceRecord, profile: Pick<Profile, 'arn' | 'id'>) {
  const next = { ...profile, associationId: newProfileAssociation(context) }
  return {
    IamInstanceProfileAssociation: toAssociation(
      instances.patch(context, instance.id, { profile: next }),
      'associating',
    ),
  }
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/attach-iam-role.html */
export const instanceProfileHandlers: Record<string, Handler> = {
  AssociateIamInstanceProfile: (input: sdk.AssociateIamInstanceProfileCommandInput, context) => {
    const instance = instances.get(context, required(input.InstanceId, 'InstanceId'))
    const profile = profileFor(context, required(input.IamInstanceProfile, 'IamInstanceProfile'))
    if (instance.profile)
      throw new AwsError('IncorrectState', `There is an existing association for instance ${instance.id}`)
    return give(context, instance, profile)
  },

  ReplaceIamInstanceProfileAssociation: (
    input: sdk.ReplaceIamInstanceProfileAssociationCommandInput,
    context,
  ) => {
    const instance = associated(context, input.AssociationId)
    return give(
      context,
      instance,
      profileFor(context, required(input.IamInstanceProfile, 'IamInstanceProfile')),
    )
  },

  DisassociateIamInstanceProfile: (input: sdk.DisassociateIamInstanceProfileCommandInput, context) => {
    const instance = associated(context, input.AssociationId)
    instances.patch(context, instance.id, { profile: undefined })
    return { IamInstanceProfileAssociation: toAssociation(instance, 'disassociating') }
  },

  DescribeIamInstanceProfileAssociations: (
    input: sdk.DescribeIamInstanceProfileAssociationsCommandInput,
    context,
  ) => {
    const all = input.AssociationIds?.length
      ? input.AssociationIds.map((id) => associated(context, id))
      : instances.list(context).filter(({ profile, state }) => profile && state !== 'terminated')
    const { page, NextToken } = select(all, input, {
      'instance-id': ({ id }) => id,
      state: () => 'associated',
    })
    return {
      IamInstanceProfileAssociations: page.map((instance) => toAssociation(instance, 'associated')),
      NextToken,
    }
  },
}
