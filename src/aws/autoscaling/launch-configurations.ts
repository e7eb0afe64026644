import type * as sdk from '@aws-sdk/client-auto-scaling'
import type { BlockDeviceMapping, InstanceMetadataOptionsRequest } from '@aws-sdk/client-ec2'
import { launchFields } from '../ec2/index.ts'
import { AwsError, type Handler } from '../wire/service.ts'
import { profileOf } from './launch-spec.ts'
import { paged } from './output.ts'
import type { LaunchConfigurationRecord } from './records.ts'
import {
  findConfiguration,
  listConfigurations,
  listGroups,
  putConfiguration,
  removeConfiguration,
} from './tables.ts'

function output({ name, arn, spec, created }: LaunchConfigurationRecord): sdk.LaunchConfiguration {
  return {
    LaunchConfigurationName: name,
    LaunchConfigurationARN: arn,
    ImageId: spec.imageId,
    KeyName: spec.keyName ?? '',
    SecurityGroups: spec.groupIds ?? [],
    ClassicLinkVPCSecurityGroups: [],
    UserData: spec.userData ?? '',
    InstanceType: spec.type,
    KernelId: '',
    RamdiskId: '',
    BlockDeviceMappings: (spec.volumes ?? []).map(({ device, ...volume }) => ({
      DeviceName: device,
      Ebs: {
        VolumeSize: volume.sizeGiB,
        VolumeType: volume.type,
        Iops: volume.iops,
        Throughput: volume.throughput,
        SnapshotId: volume.snapshotId,
        Encrypted: volume.kmsKeyId !== undefined,
        DeleteOnTermination: volume.deleteOnTermination,
      },
    })),
    InstanceMonitoring: { Enabled: spec.attributes?.monitored ?? false },
    IamInstanceProfile: spec.profile?.arn,
    CreatedTime: new Date(created),
    EbsOptimized: spec.attributes?.ebsOptimized ?? false,
    AssociatePublicIpAddress: spec.publicIp,
  }
}

export const launchConfigurationHandlers: Record<string, Handler> = {
  CreateLaunchConfiguration: (input: sdk.CreateLaunchConfigurationCommandInput, context) => {
    const { world, accountId, region } = context
    const name = input.LaunchConfigurationName!
    if (findConfiguration(context, name))
      throw new AwsError(
        'AlreadyExists',
        `Launch Configuration by this name already exists - A launch configuration already exists with the name ${name}`,
      )
    if (!input.ImageId || !input.InstanceType)
      throw new AwsError(
        'ValidationError',
        'Valid requests must contain either the InstanceID parameter or both the ImageId and InstanceType parameters.',
      )
    putConfiguration(context, {
      name,
      arn: `arn:aws:autoscaling:${region}:${accountId}:launchConfiguration:${world.ids.uuid()}:launchConfigurationName/${name}`,
      created: world.clock.now(),
      spec: {
        imageId: input.ImageId,
        type: input.InstanceType,
        ...launchFields(context, {
          SecurityGroupIds: input.SecurityGroups,
          KeyName: input.KeyName,
          UserData: input.UserData,
          BlockDeviceMappings: input.BlockDeviceMappings as BlockDeviceMapping[] | undefined,
          MetadataOptions: input.MetadataOptions as InstanceMetadataOptionsRequest | undefined,
          Monitoring: { Enabled: input.InstanceMonitoring?.Enabled ?? true },
          EbsOptimized: input.EbsOptimized,
        }),
        profile: input.IamInstanceProfile ? profileOf(context, input.IamInstanceProfile) : undefined,
        publicIp: input.AssociatePublicIpAddress,
      },
    })
  },

  DescribeLaunchConfigurations: (input: sdk.DescribeLaunchConfigurationsCommandInput, context) => {
    const names = input.LaunchConfigurationNames
    const all = listConfigurations(context).filter(({ name }) => !names?.length || names.includes(name))
    const { items, NextToken } = paged(all, input, 50)
    return { LaunchConfigurations: items.map(output), NextToken }
  },

  DeleteLaunchConfiguration: (input: sdk.DeleteLaunchConfigurationCommandInput, context) => {
    const name = input.LaunchConfigurationName!
    if (!findConfiguration(context, name))
      throw new AwsError(
        'ValidationError',
        `Launch configuration name not found - Launch configuration ${name} not found`,
      )
    const user = listGroups(context).find(
      ({ launch }) => launch.kind === 'configuration' && launch.name === name,
    )
    if (user)
      throw new AwsError(
        'ResourceInUse',
        `Cannot delete launch configuration ${name} because it is attached to AutoScalingGroup ${user.name}`,
      )
    removeConfiguration(context, name)
  },
}
