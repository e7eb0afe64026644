import type { Scope } from '#aws/ec2/index.ts'
import {
  type RegistryAccess,
  type RegistryCaller,
  type UpstreamCheck,
  upstreamCredentials,
  upstreamFresh,
  upstreamOf,
} from '#aws/ecr/index.ts'
import { AwsError } from '#aws/wire/service.ts'
import { isDigest } from '#containers/blobs/digest.ts'
import { RegistryClient, RegistryRequestError } from '#containers/images/registry-client.ts'
import { HostTransport } from '#containers/images/transport.ts'
import type { RepositoryContents } from '#containers/registry/contents.ts'
import { type ImageManifest, type IndexManifest, isIndexType } from '#containers/registry/manifest.ts'
import { RegistryError } from '#containers/registry/policy.ts'
import type { HostTable } from '#network/hosts.ts'
import { refusing } from './ecr-registry.ts'

/** The upstream registries of pull through cache rules: what they hold is brought in when it is first pulled. */
export class UpstreamImages {
  readonly #transport: HostTransport

  constructor(hosts: HostTable) {
    this.#transport = new HostTransport(hosts)
  }

  /** Brings in an image that a rule names and that is not here, or whose tag was not compared with upstream for a day. */
  async import(
    scope: Scope,
    access: RegistryAccess,
    contents: RepositoryContents,
    caller: RegistryCaller,
    repository: string,
    reference: string,
  ): Promise<void> {
    const upstream = upstreamOf(scope, repository)
    if (!upstream) return
    const known = await contents.readManifest(repository, reference)
    if (known && (isDigest(reference) || upstreamFresh(scope, repository, reference))) return
    try {
      const client = this.#client(scope, upstream.rule)
      const { digest } = await client.manifest(upstream.name, reference, 'HEAD')
      if (!contents.metadata.manifest(repository, digest)) {
        refusing(() => access.requireImport(caller, repository))
        await copyIn(client, upstream.name, contents, repository, digest)
      }
      if (isDigest(reference)) return
      contents.metadata.putTag(repository, reference, digest, scope.world.clock.now())
      upstreamFresh(scope, repository, reference, true)
    } catch (error) {
      if (error instanceof AwsError) throw new RegistryError(403, 'DENIED', error.message)
      // What is here stays good while upstream is away.
      if (!(error instanceof RegistryRequestError) || known) {
        if (error instanceof RegistryRequestError) return
        throw error
      }
      throw upstreamError(error, repository, reference)
    }
  }

  /** For ValidatePullThroughCacheRule. */
  check: UpstreamCheck = async (scope, rule) => {
    try {
      await this.#client(scope, rule).ping()
      return undefined
    } catch (error) {
      if (error instanceof AwsError) return error.message
      if (!(error instanceof RegistryRequestError)) throw error
      // Without credentials a registry answers the ping with a challenge that only names its token service.
      return rule.credentialArn === undefined && error.status === 401 ? undefined : error.message
    }
  }

  #client(scope: Scope, rule: { upstreamUrl: string; credentialArn?: string }): RegistryClient {
    const credentials =
      rule.credentialArn === undefined ? undefined : upstreamCredentials(scope, rule.credentialArn)
    return new RegistryClient(this.#transport, rule.upstreamUrl, credentials)
  }
}

async function copyIn(
  client: RegistryClient,
  name: string,
  contents: RepositoryContents,
  repository: string,
  digest: string,
): Promise<void> {
  const { bytes, mediaType } = await client.manifest(name, digest)
  if (isIndexType(mediaType)) {
    for (const { digest: part } of (JSON.parse(bytes.toString()) as IndexManifest).manifests)
      await copyIn(client, name, contents, repository, part)
  } else {
    const { config, layers } = JSON.parse(bytes.toString()) as ImageManifest
    for (const { digest: part } of [config, ...layers]) {
      if (contents.metadata.blobSize(repository, part) !== undefined) continue
      const blob =
        (await contents.blobs.stat(part)) ?? (await contents.blobs.put(await client.blob(name, part), part))
      contents.putBlob(repository, blob)
    }
  }
  await contents.storeManifest(repository, bytes, mediaType, undefined, undefined)
}

function upstreamError(error: RegistryRequestError, repository: string, reference: string): RegistryError {
  if (error.status === 404 || error.reason === 'scope')
    return new RegistryError(404, 'MANIFEST_UNKNOWN', `Requested image not found: ${repository}:${reference}`)
  if (error.status === 429)
    return new RegistryError(
      429,
      'TOOMANYREQUESTS',
      `Rate exceeded in the upstream registry: ${error.message}`,
    )
  return new RegistryError(403, 'DENIED', `The upstream registry could not be used: ${error.message}`)
}
