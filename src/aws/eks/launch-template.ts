import type * as sdk from '@aws-sdk/client-eks'
import { resolvedImage } from '../ec2/image-parameters.ts'
import { imageById, instanceTypes, type LaunchFields, launchFields, type Scope } from '../ec2/index.ts'
import { findTemplate, launchTemplateData } from '../ec2/launch-templates.ts'
import { AwsError } from '../wire/service.ts'
import { invalidParameter, invalidRequest } from './errors.ts'
import type { ClusterRecord, NodegroupRecord } from './records.ts'

type Template = NonNullable<NodegroupRecord['launchTemplate']>

/** What EKS takes over from the launch template of a node group. */
export interface TemplateChoices extends Partial<LaunchFields> {
  imageId?: string
  type?: string
}

/** The template of a request by id or name, with a fixed version. Throws InvalidRequestException. */
export function templateOf(
  scope: Scope,
  template: sdk.LaunchTemplateSpecification | undefined,
): Template | undefined {
  if (!template) return undefined
  try {
    const found = findTemplate(scope, { LaunchTemplateId: template.id, LaunchTemplateName: template.name })
    const version = template.version ?? String(found.defaultVersion)
    launchTemplateData(scope, { LaunchTemplateId: found.id, Version: version })
    return { id: found.id, name: found.name, version }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    throw invalidRequest("Launch template details can't be validated: the launch template does not exist")
  }
}

/** What a template says now; nothing without one. */
export function templateChoices(scope: Scope, template: Template | undefined): TemplateChoices {
  if (!template) return {}
  const data = launchTemplateData(scope, { LaunchTemplateId: template.id, Version: template.version })
  return {
    ...launchFields(scope, data),
    imageId: data.ImageId && resolvedImage(scope, data.ImageId),
    type: data.InstanceType,
  }
}

/**
 * What a request for a node group and its template must not both say. Conditions: docs.aws.amazon.com/eks/latest/userguide/launch-templates.html;
 * the texts on images as people report them (issues of terraform-aws-eks, rancher/eks-operator; read 2026-11), the others from knowledge.
 */
export function checkTemplate(input: sdk.CreateNodegroupCommandInput, choices: TemplateChoices): void {
  if (!input.launchTemplate) {
    if (input.amiType === 'CUSTOM')
      throw invalidParameter('A launch template with an image id is required for the AMI type CUSTOM.')
    return
  }
  if (input.diskSize !== undefined)
    throw invalidParameter('Disk size must be specified within the launch template.')
  if (input.remoteAccess)
    throw invalidParameter('Remote access configuration cannot be specified with a launch template.')
  if (choices.type && input.instanceTypes?.length)
    throw invalidParameter('You cannot specify instance types in both the launch template and the request.')
  if (!choices.imageId) {
    if (input.amiType === 'CUSTOM')
      throw invalidParameter(
        'You must specify an image id within the launch template for the AMI type CUSTOM.',
      )
    return
  }
  if (input.amiType && input.amiType !== 'CUSTOM')
    throw invalidParameter(
      'You cannot specify an AMI Type other than CUSTOM, when specifying an image id in your launch template.',
    )
  if (input.version)
    throw invalidParameter(
      'You cannot specify a kubernetes version to use when specifying an image id to use within the launch template.',
    )
  if (input.releaseVersion)
    throw invalidParameter(
      'You cannot specify a release version to use when specifying an image id to use within the launch template.',
    )
}

/** The Kubernetes version of a custom image: an EKS-optimized one has it in its name. */
export function versionOfImage(scope: Scope, imageId: string, cluster: ClusterRecord): string {
  const name = quietly(() => imageById(scope, imageId).system)
  return /-standard-(\d+\.\d+)-/.exec(name ?? '')?.[1] ?? cluster.version
}

/** Whether the machine's type can run the image. Throws InvalidParameterException. */
export function checkImage(scope: Scope, imageId: string, types: string[]): void {
  const image = quietly(() => imageById(scope, imageId))
  if (!image) throw invalidParameter(`The image id '[${imageId}]' does not exist`)
  const wrong = types.filter((type) => instanceTypes.get(type)?.architecture !== image.architecture)
  if (wrong.length > 0)
    throw invalidParameter(`[${wrong.join(', ')}] is not a valid instance type for the image ${imageId}`)
}

function quietly<T>(find: () => T): T | undefined {
  try {
    return find()
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    return undefined
  }
}
