import { tables } from '../ec2/index.ts'
import type { RequestContext, Service } from '../wire/service.ts'
import { accessPointHandlers } from './access-points.ts'
import { fileSystemHandlers } from './file-systems.ts'
import { mountTargetHandlers } from './mount-targets.ts'
import { settingHandlers } from './settings.ts'
import { accessPoints, efsArn, fileSystems, idOf, mountTargets } from './tables.ts'
import { tagHandlers } from './tags.ts'

interface Addressed {
  FileSystemId?: string
  SourceFileSystemId?: string
  MountTargetId?: string
  AccessPointId?: string
  ResourceId?: string
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticfilesystem.html */
function resource(input: Addressed, context: RequestContext): string {
  const point =
    input.AccessPointId ??
    (input.ResourceId && idOf(input.ResourceId).startsWith('fsap-') ? input.ResourceId : undefined)
  if (point !== undefined) return efsArn(context, 'access-point', idOf(point))
  const target = input.MountTargetId && mountTargets.find(context, input.MountTargetId)
  const given =
    input.FileSystemId ?? input.SourceFileSystemId ?? input.ResourceId ?? (target || undefined)?.fileSystemId
  return given === undefined ? '*' : efsArn(context, 'file-system', idOf(given))
}

const tagsOf = (arn: string, context: RequestContext) =>
  (fileSystems.find(context, idOf(arn)) ?? accessPoints.find(context, idOf(arn)))?.tags

/** Amazon Elastic File System: https://docs.aws.amazon.com/efs/latest/ug/api-reference.html */
export const efsService: Service = {
  name: 'efs',
  sdk: () => import('@aws-sdk/client-efs'),
  actionPrefix: 'elasticfilesystem',
  endpoints: [{ prefix: 'elasticfilesystem' }],
  botocoreName: 'efs',
  handlers: {
    ...fileSystemHandlers,
    ...mountTargetHandlers,
    ...accessPointHandlers,
    ...settingHandlers,
    ...tagHandlers,
  },
  resources: (_operation, input: Addressed, context) => resource(input, context),
  resourceTags: tagsOf,
  conditions: (operation, input, context) => ({
    ...(operation === 'CreateFileSystem' && {
      'elasticfilesystem:Encrypted': String(input.Encrypted ?? false),
    }),
    ...(operation === 'CreateMountTarget' && {
      'ec2:Vpc': tables.subnets.find(context, input.SubnetId ?? '')?.vpcId ?? '',
    }),
  }),
}
