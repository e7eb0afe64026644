import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { protectionOf, toMappings } from './describe-images.ts'
import { invalidParameterCombination, invalidParameterValue, missingParameter } from './errors.ts'
import { ownImage, readyImage } from './own-images.ts'
import type { ImageRecord } from './records.ts'
import { images } from './tables.ts'

const COOLDOWN_MS = 24 * 3600_000
const MINUTE_MS = 60_000

const described: Record<string, (image: ImageRecord) => Partial<sdk.ImageAttribute>> = {
  description: ({ description }) => ({ Description: { Value: description } }),
  kernel: () => ({ KernelId: {} }),
  ramdisk: () => ({ RamdiskId: {} }),
  launchPermission: ({ isPublic, sharedWith }) => ({
    LaunchPermissions: [
      ...(isPublic ? [{ Group: 'all' as const }] : []),
      ...sharedWith.map((UserId) => ({ UserId })),
    ],
  }),
  productCodes: () => ({ ProductCodes: [] }),
  blockDeviceMapping: ({ volumes }) => ({ BlockDeviceMappings: toMappings(volumes) }),
  sriovNetSupport: () => ({ SriovNetSupport: { Value: 'simple' } }),
  bootMode: ({ architecture }) => ({
    BootMode: { Value: architecture === 'arm64' ? 'uefi' : 'uefi-preferred' },
  }),
  tpmSupport: () => ({ TpmSupport: {} }),
  uefiData: () => ({ UefiData: {} }),
  lastLaunchedTime: () => ({ LastLaunchedTime: {} }),
  imdsSupport: () => ({ ImdsSupport: { Value: 'v2.0' } }),
  deregistrationProtection: ({ protection }) => ({
    DeregistrationProtection: { Value: protectionOf(protection) ?? 'disabled' },
  }),
}

function describeImageAttribute(input: sdk.DescribeImageAttributeCommandInput, context: RequestContext) {
  const image = ownImage(context, input.ImageId)
  return { ImageId: image.id, ...described[input.Attribute!]?.(image) }
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyImageAttribute.html */
function modifyImageAttribute(input: sdk.ModifyImageAttributeCommandInput, context: RequestContext) {
  const image = readyImage(context, input.ImageId)
  const description =
    input.Description?.Value ?? (input.Attribute === 'description' ? input.Value : undefined)
  const named: sdk.LaunchPermission[] = [
    ...(input.UserIds ?? []).map((UserId) => ({ UserId })),
    ...(input.UserGroups ?? []).map((Group) => ({ Group: Group as 'all' })),
  ]
  const added = input.LaunchPermission?.Add ?? (input.OperationType === 'add' ? named : [])
  const removed = input.LaunchPermission?.Remove ?? (input.OperationType === 'remove' ? named : [])
  if (description !== undefined && added.length + removed.length > 0)
    throw invalidParameterCombination('Only one attribute can be modified in a request')
  if (description === undefined && added.length + removed.length === 0)
    throw missingParameter('operationType or launchPermission')
  if (isForAll(added) && image.volumes.some(({ kmsKeyId }) => kmsKeyId !== undefined))
    throw invalidParameterValue('AMIs with encrypted snapshots cannot be made public')
  const ids = (list: sdk.LaunchPermission[]) => list.flatMap(({ UserId }) => UserId ?? [])
  for (const id of ids(added))
    if (!/^\d{12}$/.test(id))
      throw new AwsError(
        'InvalidAMIAttributeItemValue',
        `Invalid attribute item value "${id}" for userId item type.`,
      )
  const gone = ids(removed)
  images.patch(context, image.id, {
    description: description ?? image.description,
    isPublic: isForAll(added) || (image.isPublic && !isForAll(removed)),
    sharedWith: [...new Set([...image.sharedWith, ...ids(added)])].filter((id) => !gone.includes(id)),
  })
  return {}
}

const isForAll = (permissions: sdk.LaunchPermission[]) => permissions.some(({ Group }) => Group === 'all')

function resetImageAttribute(input: sdk.ResetImageAttributeCommandInput, context: RequestContext) {
  const { id } = readyImage(context, input.ImageId)
  images.patch(context, id, { isPublic: false, sharedWith: [] })
  return {}
}

/** Whoever changes one thing of an image and is answered `true`. */
const changing =
  (change: (image: ImageRecord, input: never, now: number) => Partial<ImageRecord>): Handler =>
  (input: { ImageId?: string }, context) => {
    const image = readyImage(context, input.ImageId)
    images.patch(context, image.id, change(image, input as never, context.world.clock.now()))
    return { Return: true }
  }

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deprecate.html: to the minute, not before now. */
function deprecation(_: ImageRecord, input: sdk.EnableImageDeprecationCommandInput, now: number) {
  const at = new Date(input.DeprecateAt!).getTime()
  if (at < now - MINUTE_MS) throw invalidParameterValue('The deprecation date must not be in the past')
  return { deprecatedAt: Math.round(at / MINUTE_MS) * MINUTE_MS }
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deregistration-protection.html */
function enableProtection(
  input: sdk.EnableImageDeregistrationProtectionCommandInput,
  context: RequestContext,
) {
  const { id } = readyImage(context, input.ImageId)
  const protection = { kind: input.WithCooldown ? ('enabled-with-cooldown' as const) : ('enabled' as const) }
  images.patch(context, id, { protection })
  return { Return: protectionOf(protection) }
}

function disableProtection(
  input: sdk.DisableImageDeregistrationProtectionCommandInput,
  context: RequestContext,
) {
  const { id, protection } = readyImage(context, input.ImageId)
  const endsAt = context.world.clock.now() + COOLDOWN_MS
  const cools = protection?.kind === 'enabled-with-cooldown'
  images.patch(context, id, { protection: cools ? { ...protection!, endsAt } : undefined })
  return { Return: cools ? `disabled-until-${new Date(endsAt).toISOString()}` : 'disabled' }
}

export const imageAttributeHandlers: Record<string, Handler> = {
  DescribeImageAttribute: describeImageAttribute,
  ModifyImageAttribute: modifyImageAttribute,
  ResetImageAttribute: resetImageAttribute,
  DisableImage: changing(() => ({ state: 'disabled', isPublic: false, sharedWith: [] })),
  EnableImage: changing(() => ({ state: 'available' })),
  EnableImageDeprecation: changing(deprecation),
  DisableImageDeprecation: changing(() => ({ deprecatedAt: undefined })),
  EnableImageDeregistrationProtection: enableProtection,
  DisableImageDeregistrationProtection: disableProtection,
}
