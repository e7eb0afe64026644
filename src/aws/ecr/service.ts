import type { Handler, RequestContext, ResourceResolver, Service } from '../wire/service.ts'
import * as account from './account-settings.ts'
import { getAuthorizationToken } from './authorization-token.ts'
import * as backfill from './backfill.ts'
import type { ImageCatalog, ImageCatalogs } from './image-catalog.ts'
import * as images from './images.ts'
import { getDownloadUrlForLayer, layerOperations } from './layers.ts'
import * as lifecycle from './lifecycle-operations.ts'
import * as policies from './policies.ts'
import * as cache from './pull-through.ts'
import { putImage } from './put-image.ts'
import * as replication from './replication.ts'
import * as repositories from './repositories.ts'
import * as scanning from './scan-configuration.ts'
import * as scans from './scans.ts'
import * as signing from './signing.ts'
import { updateImageStorageClass } from './storage-class.ts'
import * as tags from './tags.ts'
import * as templates from './templates.ts'

interface Addressed {
  registryId?: string
  repositoryName?: string
  repositoryNames?: string[]
}

/** The registry that a request means, as the context in which its handler works: another account's when it says so. */
const owner = <C extends Pick<RequestContext, 'accountId'>>(input: Addressed, context: C): C =>
  input.registryId === undefined ? context : { ...context, accountId: input.registryId }

// biome-ignore lint/suspicious/noExplicitAny: the inputs of these operations differ.
type Owned = (input: any, context: RequestContext) => unknown
// biome-ignore lint/suspicious/noExplicitAny: as above.
type OwnedImages = (input: any, context: RequestContext, images: ImageCatalog) => unknown

const named: ResourceResolver = (input: Addressed, context) =>
  repositories.repositoryArn(owner(input, context), input.repositoryName ?? '*')

const namedMany: ResourceResolver = (input: Addressed, context) =>
  (input.repositoryNames ?? ['*']).map((name) => repositories.repositoryArn(owner(input, context), name))

const byArn: ResourceResolver = (input: { resourceArn?: string }) => input.resourceArn ?? '*'

const layers = layerOperations(repositories.requireRepository, repositories.writableRepository)

/** ECR over the images that the registries hold; `checkUpstream` asks an upstream registry for pull through caches. */
export function ecrService(catalogs: ImageCatalogs, checkUpstream: cache.UpstreamCheck): Service {
  const owned =
    (handler: Owned): Handler =>
    (input, context) =>
      handler(input, owner(input, context))
  const withImages =
    (handler: OwnedImages): Handler =>
    (input, context) => {
      const scope = owner(input, context)
      return handler(input, scope, catalogs(scope))
    }
  const onRepositories: Record<string, Handler> = {
    CreateRepository: owned(repositories.createRepository),
    DeleteRepository: withImages(repositories.deleteRepository),
    PutImageTagMutability: owned(repositories.putImageTagMutability),
    PutImageScanningConfiguration: owned(repositories.putImageScanningConfiguration),
    SetRepositoryPolicy: owned(policies.setRepositoryPolicy),
    GetRepositoryPolicy: owned(policies.getRepositoryPolicy),
    DeleteRepositoryPolicy: owned(policies.deleteRepositoryPolicy),
    PutLifecyclePolicy: owned(lifecycle.putLifecyclePolicy),
    GetLifecyclePolicy: owned(lifecycle.getLifecyclePolicy),
    DeleteLifecyclePolicy: owned(lifecycle.deleteLifecyclePolicy),
    StartLifecyclePolicyPreview: owned(lifecycle.startLifecyclePolicyPreview),
    GetLifecyclePolicyPreview: owned(lifecycle.getLifecyclePolicyPreview),
    ListImages: withImages(images.listImages),
    ListImageReferrers: withImages(images.listImageReferrers),
    DescribeImages: withImages(images.describeImages),
    BatchGetImage: withImages(images.batchGetImage),
    BatchDeleteImage: withImages(images.batchDeleteImage),
    PutImage: withImages(putImage),
    UpdateImageStorageClass: withImages(updateImageStorageClass),
    StartImageScan: withImages(scans.startImageScan),
    DescribeImageScanFindings: withImages(scans.describeImageScanFindings),
    DescribeImageReplicationStatus: withImages(replication.describeImageReplicationStatus),
    DescribeImageSigningStatus: withImages(signing.describeImageSigningStatus),
    BatchCheckLayerAvailability: withImages(layers.batchCheckLayerAvailability),
    GetDownloadUrlForLayer: withImages(getDownloadUrlForLayer),
    InitiateLayerUpload: withImages(layers.initiateLayerUpload),
    UploadLayerPart: withImages(layers.uploadLayerPart),
    CompleteLayerUpload: withImages(layers.completeLayerUpload),
  }
  const onRegistry: Record<string, Handler> = {
    GetAuthorizationToken: getAuthorizationToken,
    DescribeRegistry: replication.describeRegistry,
    PutReplicationConfiguration: replication.putReplicationConfiguration,
    StartReplicationBackfill: backfill.startReplicationBackfill,
    StopReplicationBackfill: backfill.stopReplicationBackfill,
    ListReplicationBackfills: backfill.listReplicationBackfills,
    DescribeReplicationBackfillResults: backfill.describeReplicationBackfillResults,
    PutRegistryPolicy: policies.putRegistryPolicy,
    GetRegistryPolicy: policies.getRegistryPolicy,
    DeleteRegistryPolicy: policies.deleteRegistryPolicy,
    PutRegistryScanningConfiguration: scanning.putRegistryScanningConfiguration,
    GetRegistryScanningConfiguration: scanning.getRegistryScanningConfiguration,
    PutSigningConfiguration: signing.putSigningConfiguration,
    GetSigningConfiguration: signing.getSigningConfiguration,
    DeleteSigningConfiguration: signing.deleteSigningConfiguration,
    PutAccountSetting: account.putAccountSetting,
    GetAccountSetting: account.getAccountSetting,
    RegisterPullTimeUpdateExclusion: account.registerPullTimeUpdateExclusion,
    DeregisterPullTimeUpdateExclusion: account.deregisterPullTimeUpdateExclusion,
    ListPullTimeUpdateExclusions: account.listPullTimeUpdateExclusions,
    CreateRepositoryCreationTemplate: templates.createRepositoryCreationTemplate,
    UpdateRepositoryCreationTemplate: templates.updateRepositoryCreationTemplate,
    DeleteRepositoryCreationTemplate: templates.deleteRepositoryCreationTemplate,
    DescribeRepositoryCreationTemplates: templates.describeRepositoryCreationTemplates,
    CreatePullThroughCacheRule: cache.createPullThroughCacheRule,
    UpdatePullThroughCacheRule: cache.updatePullThroughCacheRule,
    DeletePullThroughCacheRule: cache.deletePullThroughCacheRule,
    DescribePullThroughCacheRules: cache.describePullThroughCacheRules,
    ValidatePullThroughCacheRule: (input, context) =>
      cache.validatePullThroughCacheRule(input, context, checkUpstream),
  }
  return {
    name: 'ecr',
    sdk: () => import('@aws-sdk/client-ecr'),
    actionPrefix: 'ecr',
    endpoints: [{ prefix: 'api.ecr' }, { prefix: 'ecr' }],
    botocoreName: 'ecr',
    resourcePolicy: policies.repositoryPolicyFor,
    handlers: {
      ...onRepositories,
      ...onRegistry,
      DescribeRepositories: owned(repositories.describeRepositories),
      BatchGetRepositoryScanningConfiguration: scanning.batchGetRepositoryScanningConfiguration,
      TagResource: tags.tagResource,
      UntagResource: tags.untagResource,
      ListTagsForResource: tags.listTagsForResource,
    },
    resources: {
      ...Object.fromEntries(Object.keys(onRepositories).map((operation) => [operation, named])),
      DescribeRepositories: namedMany,
      BatchGetRepositoryScanningConfiguration: namedMany,
      TagResource: byArn,
      UntagResource: byArn,
      ListTagsForResource: byArn,
    },
  }
}
