import type { Scope } from '#aws/ec2/index.ts'
import {
  type CatalogedManifest,
  checkQuotas,
  type ImageCatalog,
  imagePushed,
  type RegistryAccess,
  type RegistryCaller,
  RegistryRefusal,
} from '#aws/ecr/index.ts'
import { AwsError } from '#aws/wire/service.ts'
import { isDiskFull } from '#containers/blobs/errors.ts'
import { DigestMismatchError } from '#containers/blobs/store.ts'
import type { LayerTrees } from '#containers/files/layers.ts'
import { installedSoftware } from '#containers/files/software.ts'
import type { RepositoryContents } from '#containers/registry/contents.ts'
import type { ImageManifest } from '#containers/registry/manifest.ts'
import { RegistryError, type RegistryPolicy } from '#containers/registry/policy.ts'

interface EcrPolicyOptions {
  scope: Scope
  access: RegistryAccess
  images: () => ImageCatalog
  /** Brings in what a pull through cache rule names; see UpstreamImages. */
  importImage(caller: RegistryCaller, repository: string, reference: string): Promise<void>
}

/** ECR's rules in the registry's terms. */
export function ecrPolicy({ scope, access, images, importImage }: EcrPolicyOptions): RegistryPolicy {
  const caller = (identity: unknown) => identity as RegistryCaller
  return {
    authenticate: (request) => refusing(() => access.authenticate(request)),
    authorize: (identity, action, repository) =>
      refusing(() => access.authorize(caller(identity), action, repository)),
    requireRepository: (identity, action, repository) =>
      refusing(() => access.requireRepository(caller(identity), action, repository)),
    mountsBlobs: () => access.mountsBlobs(),
    beforeRead: ({ identity, repository, reference }) => importImage(caller(identity), repository, reference),
    beforeTag(write) {
      refusing(() => access.beforeTag(write))
      try {
        checkQuotas(images(), write.repository, write.digest, write.tag)
      } catch (error) {
        throw new RegistryError(429, 'TOOMANYREQUESTS', (error as Error).message)
      }
    },
    beforePull(event) {
      refusing(() => access.beforePull(event))
      return undefined
    },
    manifestPushed({ repository, digest, identity }) {
      // ECR's own API and copies have no caller here: they set going themselves what a push sets going.
      if (identity) imagePushed(scope, images(), repository, digest, caller(identity).principal)
    },
    manifestPulled: (event) => access.manifestPulled(event, caller(event.identity)),
  }
}

/** Gives a refusal of ECR the form of the distribution specification. */
export function refusing<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    // What ECR's API would refuse: a repository that is made by a pull or push, with a key that cannot be used.
    if (error instanceof AwsError) throw new RegistryError(403, 'DENIED', error.message)
    if (!(error instanceof RegistryRefusal)) throw error
    throw new RegistryError(error.status, error.code, error.message, { headers: error.headers })
  }
}

/** A registry as ECR's API sees it. */
export function imageCatalog(contents: RepositoryContents, trees: LayerTrees | undefined): ImageCatalog {
  const { metadata, world } = contents
  return {
    tags: (repository) => metadata.tags(repository),
    manifests: (repository): CatalogedManifest[] => metadata.manifests(repository),
    readManifest: (repository, reference) => contents.readManifest(repository, reference),
    // IAM has already judged the call; the registry's own policy has no say in it.
    storeManifest: (repository, bytes, mediaType, tag) =>
      contents.storeManifest(repository, bytes, mediaType, tag, undefined),
    putTag: (repository, tag, digest) => metadata.putTag(repository, tag, digest, world.clock.now()),
    deleteTag: (repository, tag) => void metadata.deleteTag(repository, tag),
    deleteManifest: (repository, digest) => void metadata.deleteManifest(repository, digest),
    deleteRepository: (repository) => metadata.deleteRepository(repository),
    blobSize: (repository, digest) => metadata.blobSize(repository, digest),
    putBlob: (repository, blob) => contents.putBlob(repository, blob),
    startUpload: (repository) => contents.startUpload(repository),
    uploadSize: (repository, id) => contents.uploadSize(repository, id),
    async appendUpload(repository, id, bytes, offset) {
      if ((await contents.uploadSize(repository, id)) === undefined) return undefined
      return contents.append(id, [bytes], { offset }).catch((error: Error) => {
        if (!isDiskFull(error)) throw error
        throw new AwsError('LimitExceededException', `The registry's storage is used up: ${error.message}`)
      })
    },
    async finishUpload(repository, id, digest) {
      if ((await contents.uploadSize(repository, id)) === undefined) return undefined
      try {
        await contents.finishUpload(repository, id, digest)
        return true
      } catch (error) {
        if (error instanceof DigestMismatchError) return false
        throw error
      }
    },
    async software(repository, digest) {
      const read = await contents.readManifest(repository, digest)
      if (!read || !trees) return undefined
      const { layers } = JSON.parse(read.bytes.toString()) as ImageManifest
      try {
        return await installedSoftware(await trees.tree(layers))
      } catch {
        // Layers that are no archives: an artifact, or a format that is not read here.
        return undefined
      }
    },
  }
}
