import { createHash } from 'node:crypto'
import { resolvedImage } from '../ec2/image-parameters.ts'
import { launchFields, type Scope } from '../ec2/index.ts'
import { launchTemplateData, launchTemplateVersion } from '../ec2/launch-templates.ts'
import { instances, subnets } from '../ec2/tables.ts'
import { Entities } from '../iam/entities.ts'
import { AwsError } from '../wire/service.ts'
import type { GroupRecord, LaunchSource, LaunchSpec } from './records.ts'
import { findConfiguration } from './tables.ts'

/** What a group launches now. Throws ValidationError or EC2's errors when its source is gone or incomplete. */
export function launchSpec(scope: Scope, source: LaunchSource, group?: GroupRecord): LaunchSpec {
  const spec = specOf(scope, source)
  return group?.mixed ? { ...spec, ...choiceOf(scope, group) } : spec
}

/** Tells apart what a group launches now from what it launched before. */
export function launchMark(scope: Scope, group: GroupRecord): string {
  const text = JSON.stringify(specOf(scope, group.launch))
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/** The version of a group's launch template that is launched now. */
export function launchVersion(scope: Scope, { launch }: GroupRecord): { version?: string } {
  if (launch.kind !== 'template') return {}
  const { id, version } = launch
  return { version: String(launchTemplateVersion(scope, { LaunchTemplateId: id, Version: version })) }
}

/** Type and purchase option of the next instance of a group with a mixed instances policy: the first of its types. */
function choiceOf(scope: Scope, { mixed, instances: members }: GroupRecord): Partial<LaunchSpec> {
  const type = mixed?.LaunchTemplate?.Overrides?.find(({ InstanceType }) => InstanceType)?.InstanceType
  const { OnDemandBaseCapacity: base = 0, OnDemandPercentageAboveBaseCapacity: percentage = 100 } =
    mixed?.InstancesDistribution ?? {}
  const onDemand = members.filter(({ id }) => instances.find(scope, id)?.lifecycle !== 'spot').length
  const above = Math.max(0, members.length + 1 - base)
  const wanted = base + Math.ceil((above * percentage) / 100)
  return {
    ...(type === undefined ? {} : { type }),
    lifecycle: onDemand < wanted ? undefined : 'spot',
  }
}

function specOf(scope: Scope, source: LaunchSource): LaunchSpec {
  if (source.kind === 'spec') return source.spec
  if (source.kind === 'configuration') {
    const configuration = findConfiguration(scope, source.name)
    if (configuration) return configuration.spec
    throw new AwsError(
      'ValidationError',
      `Launch configuration name not found - Launch configuration ${source.name} not found`,
    )
  }
  const data = launchTemplateData(scope, { LaunchTemplateId: source.id, Version: source.version })
  if (!data.ImageId)
    throw new AwsError(
      'ValidationError',
      'You must use a valid fully-formed launch template. The request must contain the parameter ImageId',
    )
  return {
    ...launchFields(scope, data),
    imageId: resolvedImage(scope, data.ImageId),
    type: data.InstanceType ?? 'm1.small',
    profile:
      data.IamInstanceProfile &&
      profileOf(scope, data.IamInstanceProfile.Arn ?? data.IamInstanceProfile.Name!),
  }
}

/** An instance profile by name or ARN. Throws ValidationError when there is none. */
export function profileOf(scope: Scope, nameOrArn: string): { arn: string; id: string } {
  const profile = new Entities(scope.world, scope.accountId).get(
    'instance-profile',
    nameOrArn.split('/').at(-1)!,
  )
  if (!profile) throw new AwsError('ValidationError', `Invalid IamInstanceProfile: ${nameOrArn}`)
  return { arn: profile.arn, id: profile.id }
}

/** The subnet of a group with the fewest of its instances. */
export function emptiestSubnet(scope: Scope, group: GroupRecord) {
  const counts = new Map(group.subnetIds.map((id) => [id, 0]))
  for (const { id } of group.instances) {
    const subnetId = instances.find(scope, id)?.subnetId
    if (subnetId && counts.has(subnetId)) counts.set(subnetId, counts.get(subnetId)! + 1)
  }
  const [[id = ''] = []] = [...counts].sort(([, a], [, b]) => a - b)
  return subnets.get(scope, id)
}
