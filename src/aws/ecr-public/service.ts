import { registryPassword } from '../ecr/authorization-token.ts'
import type { ImageCatalog } from '../ecr/image-catalog.ts'
import { layerOperations } from '../ecr/layers.ts'
import type { Handler, RequestContext, ResourceResolver, Service } from '../wire/service.ts'
import * as images from './images.ts'
import * as repositories from './repositories.ts'

const named: ResourceResolver = (input: { repositoryName?: string }, context) =>
  repositories.repositoryArn(context, input.repositoryName ?? '*')
const namedMany: ResourceResolver = (input: { repositoryNames?: string[] }, context) =>
  (input.repositoryNames ?? ['*']).map((name) => repositories.repositoryArn(context, name))
const byArn: ResourceResolver = (input: { resourceArn?: string }) => input.resourceArn ?? '*'

const layers = layerOperations(repositories.requireRepository)

// biome-ignore lint/suspicious/noExplicitAny: the inputs of these operations differ.
type OwnedImages = (input: any, context: RequestContext, images: ImageCatalog) => unknown

/** The token for `docker login public.ecr.aws`; besides the operation's own it takes `sts:GetServiceBearerToken`. */
function getAuthorizationToken(_input: object, context: RequestContext) {
  context.authorize('sts:GetServiceBearerToken', '*')
  const { password, expiresAt } = registryPassword(context.world, context.principal)
  return {
    authorizationData: { authorizationToken: Buffer.from(`AWS:${password}`).toString('base64'), expiresAt },
  }
}

/** ECR Public over what an account's repositories at public.ecr.aws hold. */
export function ecrPublicService(
  catalogs: (account: Pick<RequestContext, 'world' | 'accountId'>) => ImageCatalog,
): Service {
  const withImages =
    (handler: OwnedImages): Handler =>
    (input, context) =>
      handler(input, context, catalogs(context))
  const onRepositories: Record<string, Handler> = {
    CreateRepository: repositories.createRepository,
    DeleteRepository: withImages(repositories.deleteRepository),
    GetRepositoryCatalogData: repositories.getRepositoryCatalogData,
    PutRepositoryCatalogData: repositories.putRepositoryCatalogData,
    SetRepositoryPolicy: repositories.setRepositoryPolicy,
    GetRepositoryPolicy: repositories.getRepositoryPolicy,
    DeleteRepositoryPolicy: repositories.deleteRepositoryPolicy,
    DescribeImages: withImages(images.describeImages),
    DescribeImageTags: withImages(images.describeImageTags),
    BatchDeleteImage: withImages(images.batchDeleteImage),
    PutImage: withImages(images.putImage),
    BatchCheckLayerAvailability: withImages(layers.batchCheckLayerAvailability),
    InitiateLayerUpload: withImages(layers.initiateLayerUpload),
    UploadLayerPart: withImages(layers.uploadLayerPart),
    CompleteLayerUpload: withImages(layers.completeLayerUpload),
  }
  return {
    name: 'ecr-public',
    sdk: () => import('@aws-sdk/client-ecr-public'),
    actionPrefix: 'ecr-public',
    endpoints: [{ prefix: 'api.ecr-public' }, { prefix: 'ecr-public' }],
    botocoreName: 'ecr-public',
    resourcePolicy: repositories.repositoryPolicy,
    handlers: {
      ...onRepositories,
      DescribeRepositories: repositories.describeRepositories,
      DescribeRegistries: repositories.describeRegistries,
      GetRegistryCatalogData: repositories.getRegistryCatalogData,
      PutRegistryCatalogData: repositories.putRegistryCatalogData,
      GetAuthorizationToken: getAuthorizationToken,
      TagResource: repositories.tagResource,
      UntagResource: repositories.untagResource,
      ListTagsForResource: repositories.listTagsForResource,
    },
    resources: {
      ...Object.fromEntries(Object.keys(onRepositories).map((operation) => [operation, named])),
      DescribeRepositories: namedMany,
      TagResource: byArn,
      UntagResource: byArn,
      ListTagsForResource: byArn,
    },
  }
}
