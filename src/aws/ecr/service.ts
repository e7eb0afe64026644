import * as sdk from '@aws-sdk/client-ecr'
import type { Scope } from '../ec2/index.ts'
import type { Handler, RequestContext, ResourceResolver, Service } from '../wire/service.ts'
import { getAuthorizationToken } from './authorization-token.ts'
import type { ImageCatalog } from './image-catalog.ts'
import * as images from './images.ts'
import * as layers from './layers.ts'
import * as repositories from './repositories.ts'
import * as policies from './repository-policies.ts'

const named: ResourceResolver = (input: { repositoryName?: string }, context) =>
  repositories.repositoryArn(context, input.repositoryName ?? '*')

const namedMany: ResourceResolver = (input: { repositoryNames?: string[] }, context) =>
  (input.repositoryNames ?? ['*']).map((name) => repositories.repositoryArn(context, name))

const byArn: ResourceResolver = (input: { resourceArn?: string }) => input.resourceArn ?? '*'

/** ECR over the images that the account's registries hold. */
export function ecrService(catalog: (scope: Scope) => ImageCatalog): Service {
  const withImages =
    // biome-ignore lint/suspicious/noExplicitAny: the inputs of these operations differ.
      (handler: (input: any, context: RequestContext, images: ImageCatalog) => unknown): Handler =>
      (input, context) =>
        handler(input, context, catalog(context))
  return {
    name: 'ecr',
    sdk,
    actionPrefix: 'ecr',
    endpoints: [{ prefix: 'api.ecr' }, { prefix: 'ecr' }],
    botocoreName: 'ecr',
    resourcePolicy: policies.repositoryPolicy,
    handlers: {
      GetAuthorizationToken: getAuthorizationToken,
      CreateRepository: repositories.createRepository,
      DescribeRepositories: repositories.describeRepositories,
      DeleteRepository: withImages(repositories.deleteRepository),
      PutImageTagMutability: repositories.putImageTagMutability,
      PutImageScanningConfiguration: repositories.putImageScanningConfiguration,
      SetRepositoryPolicy: policies.setRepositoryPolicy,
      GetRepositoryPolicy: policies.getRepositoryPolicy,
      DeleteRepositoryPolicy: policies.deleteRepositoryPolicy,
      PutLifecyclePolicy: policies.putLifecyclePolicy,
      GetLifecyclePolicy: policies.getLifecyclePolicy,
      DeleteLifecyclePolicy: policies.deleteLifecyclePolicy,
      TagResource: policies.tagResource,
      UntagResource: policies.untagResource,
      ListTagsForResource: policies.listTagsForResource,
      DescribeRegistry: (_input, { accountId }) => ({
        registryId: accountId,
        replicationConfiguration: { rules: [] },
      }),
      ListImages: withImages(images.listImages),
      DescribeImages: withImages(images.describeImages),
      BatchGetImage: withImages(images.batchGetImage),
      BatchDeleteImage: withImages(images.batchDeleteImage),
      PutImage: withImages(images.putImage),
      BatchCheckLayerAvailability: withImages(layers.batchCheckLayerAvailability),
      GetDownloadUrlForLayer: withImages(layers.getDownloadUrlForLayer),
      InitiateLayerUpload: withImages(layers.initiateLayerUpload),
      UploadLayerPart: withImages(layers.uploadLayerPart),
      CompleteLayerUpload: withImages(layers.completeLayerUpload),
    },
    resources: {
      CreateRepository: named,
      DescribeRepositories: namedMany,
      DeleteRepository: named,
      PutImageTagMutability: named,
      PutImageScanningConfiguration: named,
      SetRepositoryPolicy: named,
      GetRepositoryPolicy: named,
      DeleteRepositoryPolicy: named,
      PutLifecyclePolicy: named,
      GetLifecyclePolicy: named,
      DeleteLifecyclePolicy: named,
      ListImages: named,
      DescribeImages: named,
      BatchGetImage: named,
      BatchDeleteImage: named,
      PutImage: named,
      BatchCheckLayerAvailability: named,
      GetDownloadUrlForLayer: named,
      InitiateLayerUpload: named,
      UploadLayerPart: named,
      CompleteLayerUpload: named,
      TagResource: byArn,
      UntagResource: byArn,
      ListTagsForResource: byArn,
    },
  }
}
