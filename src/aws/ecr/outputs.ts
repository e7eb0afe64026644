import type * as sdk from '@aws-sdk/client-ecr'
import { AwsError, type RequestContext } from '../wire/service.ts'
import type { CatalogedManifest, ImageCatalog } from './image-catalog.ts'

/** What ECR and ECR Public both say of an image. */
export const imageDetail = (
  { accountId }: RequestContext,
  repositoryName: string,
  manifest: CatalogedManifest,
  tags: string[],
) => ({
  registryId: accountId,
  repositoryName,
  imageDigest: manifest.digest,
  imageTags: tags.length > 0 ? tags : undefined,
  imageSizeInBytes: manifest.imageSize || undefined,
  imagePushedAt: new Date(manifest.pushedAt),
  imageManifestMediaType: manifest.mediaType,
  artifactMediaType: manifest.artifactType,
})

/** Throws RepositoryNotEmptyException for a repository that holds images, unless the call forces it. */
export function requireEmpty(
  { accountId }: RequestContext,
  images: ImageCatalog,
  name: string,
  { force }: Pick<sdk.DeleteRepositoryCommandInput, 'force'>,
): void {
  if (force || images.manifests(name).length === 0) return
  throw new AwsError(
    'RepositoryNotEmptyException',
    `The repository with name '${name}' in registry with id '${accountId}' cannot be deleted because it still contains images`,
  )
}
