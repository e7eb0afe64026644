import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { missingParameter, required } from './errors.ts'
import { paginate, select } from './filters.ts'
import { resolvedImage } from './image-parameters.ts'
import type { LaunchTemplateRecord } from './records.ts'
import type { Scope } from './scope.ts'
import { launchTemplates } from './tables.ts'
import { tagsFor, toTags } from './tags.ts'

interface TemplateInput {
  LaunchTemplateId?: string
  LaunchTemplateName?: string
}

/** A template by id or name. Throws EC2's NotFound errors. */
export function findTemplate(scope: Scope, input: TemplateInput): LaunchTemplateRecord {
  if (input.LaunchTemplateId) return launchTemplates.get(scope, input.LaunchTemplateId)
  if (!input.LaunchTemplateName) throw missingParameter('LaunchTemplateId or LaunchTemplateName')
  const template = launchTemplates.list(scope).find(({ name }) => name === input.LaunchTemplateName)
  if (template) return template
  throw new AwsError(
    'InvalidLaunchTemplateName.NotFoundException',
    `The specified launch template, with template name ${input.LaunchTemplateName}, does not exist.`,
  )
}

/** `$Default`, `$Latest` or a number. */
function versionOf(template: LaunchTemplateRecord, version: string | undefined) {
  const latest = template.versions.at(-1)!.number
  const number =
    version === undefined || version === '$Default'
      ? template.defaultVersion
      : version === '$Latest'
        ? latest
        : Number(version)
  const found = template.versions.find((candidate) => candidate.number === number)
  if (found) return found
  throw new AwsError(
    'InvalidLaunchTemplateId.VersionNotFound',
    `Could not find the specified version ${version} for the launch template with ID ${template.id}.`,
  )
}

/** What a launch template gives RunInstances; nothing when none is named. */
export function launchTemplateData(
  scope: Scope,
  specification: sdk.LaunchTemplateSpecification | undefined,
): Partial<sdk.RunInstancesCommandInput> {
  if (!specification) return {}
  return versionOf(findTemplate(scope, specification), specification.Version).data as never
}

/** The number of the version that a specification stands for now. Throws EC2's errors. */
export function launchTemplateVersion(scope: Scope, specification: sdk.LaunchTemplateSpecification): number {
  return versionOf(findTemplate(scope, specification), specification.Version).number
}

/** The data of a version with the image that its parameter names now. */
function withImage(context: RequestContext, data: Record<string, unknown>): Record<string, unknown> {
  const { ImageId } = data as { ImageId?: string }
  return ImageId === undefined ? data : { ...data, ImageId: resolvedImage(context, ImageId) }
}

const toTemplate = (template: LaunchTemplateRecord): sdk.LaunchTemplate => ({
  LaunchTemplateId: template.id,
  LaunchTemplateName: template.name,
  CreateTime: new Date(template.createdAt),
  CreatedBy: template.createdBy,
  DefaultVersionNumber: template.defaultVersion,
  LatestVersionNumber: template.versions.at(-1)!.number,
  Tags: toTags(template.tags),
})

const toVersion = (template: LaunchTemplateRecord, version: LaunchTemplateRecord['versions'][number]) => ({
  LaunchTemplateId: template.id,
  LaunchTemplateName: template.name,
  VersionNumber: version.number,
  VersionDescription: version.description,
  CreateTime: new Date(version.createdAt),
  CreatedBy: version.createdBy,
  DefaultVersion: version.number === template.defaultVersion,
  LaunchTemplateData: version.data as sdk.ResponseLaunchTemplateData,
})

export function createLaunchTemplate(input: sdk.CreateLaunchTemplateCommandInput, context: RequestContext) {
  const name = required(input.LaunchTemplateName, 'LaunchTemplateName')
  const data = required(input.LaunchTemplateData, 'LaunchTemplateData')
  if (launchTemplates.list(context).some((template) => template.name === name)) {
    throw new AwsError(
      'InvalidLaunchTemplateName.AlreadyExistsException',
      'Launch template name already in use.',
    )
  }
  const createdAt = context.world.clock.now()
  const createdBy = context.principal.arn
  const template = launchTemplates.put(context, {
    id: launchTemplates.newId(context),
    tags: tagsFor(input.TagSpecifications, 'launch-template'),
    name,
    createdAt,
    createdBy,
    defaultVersion: 1,
    versions: [{ number: 1, description: input.VersionDescription, createdAt, createdBy, data: { ...data } }],
  })
  return { LaunchTemplate: toTemplate(template) }
}

export function createLaunchTemplateVersion(
  input: sdk.CreateLaunchTemplateVersionCommandInput,
  context: RequestContext,
) {
  const template = findTemplate(context, input)
  const source = input.SourceVersion ? versionOf(template, input.SourceVersion).data : {}
  const version = {
    number: template.versions.at(-1)!.number + 1,
    description: input.VersionDescription,
    createdAt: context.world.clock.now(),
    createdBy: context.principal.arn,
    data: { ...source, ...required(input.LaunchTemplateData, 'LaunchTemplateData') },
  }
  const next = launchTemplates.put(context, { ...template, versions: [...template.versions, version] })
  return { LaunchTemplateVersion: toVersion(next, version) }
}

export function describeLaunchTemplates(
  input: sdk.DescribeLaunchTemplatesCommandInput,
  context: RequestContext,
) {
  const named = (input.LaunchTemplateNames ?? []).map((LaunchTemplateName) =>
    findTemplate(context, { LaunchTemplateName }),
  )
  const asked = named.length > 0 ? named : launchTemplates.list(context, input.LaunchTemplateIds)
  const { page, NextToken } = select(asked, input, {
    'create-time': (template) => new Date(template.createdAt).toISOString(),
    'launch-template-name': (template) => template.name,
  })
  return { LaunchTemplates: page.map(toTemplate), NextToken }
}

export function describeLaunchTemplateVersions(
  input: sdk.DescribeLaunchTemplateVersionsCommandInput,
  context: RequestContext,
) {
  const template = findTemplate(context, input)
  const versions = input.Versions?.length
    ? input.Versions.map((version) => versionOf(template, version))
    : [...template.versions].reverse()
  const { page, NextToken } = paginate(versions, input)
  const shown = input.ResolveAlias
    ? page.map((version) => ({ ...version, data: withImage(context, version.data) }))
    : page
  return { LaunchTemplateVersions: shown.map((version) => toVersion(template, version)), NextToken }
}

export function modifyLaunchTemplate(input: sdk.ModifyLaunchTemplateCommandInput, context: RequestContext) {
  const template = findTemplate(context, input)
  const { number } = versionOf(template, input.DefaultVersion)
  return {
    LaunchTemplate: toTemplate(launchTemplates.patch(context, template.id, { defaultVersion: number })),
  }
}

export function deleteLaunchTemplate(input: sdk.DeleteLaunchTemplateCommandInput, context: RequestContext) {
  const template = findTemplate(context, input)
  launchTemplates.delete(context, template.id)
  return { LaunchTemplate: toTemplate(template) }
}

/** Deletes versions; each that cannot be is told with its reason, the others go. */
export function deleteLaunchTemplateVersions(
  input: sdk.DeleteLaunchTemplateVersionsCommandInput,
  context: RequestContext,
) {
  const template = findTemplate(context, input)
  const asked = required(input.Versions, 'Versions').map((text) => {
    const number = Number(text)
    const known = template.versions.some((version) => version.number === number)
    const item = { LaunchTemplateId: template.id, LaunchTemplateName: template.name, VersionNumber: number }
    if (known && number !== template.defaultVersion) return { item }
    const error = known
      ? {
          Code: 'unexpectedError' as const,
          Message: 'Could not delete the default version of the launch template.',
        }
      : {
          Code: 'launchTemplateVersionDoesNotExist' as const,
          Message: `The specified launch template version ${text} does not exist.`,
        }
    return { item: { ...item, ResponseError: error }, failed: true }
  })
  const gone = asked.filter(({ failed }) => !failed).map(({ item }) => item)
  const numbers = new Set(gone.map(({ VersionNumber }) => VersionNumber))
  launchTemplates.patch(context, template.id, {
    versions: template.versions.filter(({ number }) => !numbers.has(number)),
  })
  return {
    SuccessfullyDeletedLaunchTemplateVersions: gone,
    UnsuccessfullyDeletedLaunchTemplateVersions: asked.filter(({ failed }) => failed).map(({ item }) => item),
  }
}
