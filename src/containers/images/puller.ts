import type { HostTable } from '#network/hosts.ts'
import type { BlobStore } from '../blobs/store.ts'
import { OWN_ADDRESS } from '../hub/source.ts'
import { type ImagePuller, PullError, type RegistryCredentials } from '../image.ts'
import { fetchImage, PlatformError } from './fetch.ts'
import { InvalidReferenceError, parseReference, registryHost } from './reference.ts'
import { RegistryClient, RegistryRequestError } from './registry-client.ts'
import { HostTransport } from './transport.ts'

/** Pulls as containerd does, from the registries among `hosts`, into the blob store. */
export function createImagePuller(options: { hosts: HostTable; blobs: BlobStore }): ImagePuller {
  const transport = new HostTransport(options.hosts, { headers: OWN_ADDRESS })
  return {
    async pull(reference, credentials, dial) {
      try {
        const { domain, path, tag, digest } = parseReference(reference)
        const client = new RegistryClient(
          dial ? transport.dialedBy(dial) : transport,
          registryHost(domain),
          credentials,
        )
        await client.manifest(path, digest ?? tag ?? 'latest', 'HEAD')
        return await fetchImage(client, options.blobs, path, digest ?? tag ?? 'latest')
      } catch (error) {
        throw pullError(error, reference, credentials)
      }
    },
  }
}

/** Texts of containerd 2 (core/remotes/docker). */
function pullError(error: unknown, reference: string, credentials: RegistryCredentials | undefined): unknown {
  if (error instanceof InvalidReferenceError) {
    return new PullError(
      'invalid-reference',
      `failed to parse reference ${JSON.stringify(reference)}: ${error.message}`,
    )
  }
  const resolving = `failed to resolve reference "${reference}": `
  if (error instanceof PlatformError) {
    return new PullError('not-found', `${resolving}${error.message}: not found`)
  }
  if (!(error instanceof RegistryRequestError)) return error
  const denied = 'pull access denied, repository does not exist or may require authorization: '
  const status = `unexpected status from ${error.method} request to ${error.url}: ${error.status}`
  switch (error.reason) {
    case 'unreachable':
      return new PullError(
        'unreachable',
        `${resolving}failed to do request: ${capital(error.method)} "${error.url}": ${error.message}`,
      )
    case 'no-credentials':
      return new PullError(
        'unauthorized',
        `${resolving}${denied}authorization failed: no basic auth credentials`,
      )
    case 'scope':
      return new PullError(
        'unauthorized',
        `${resolving}${denied}server message: insufficient_scope: authorization failed`,
      )
    case 'login':
      return new PullError(
        'unauthorized',
        `${resolving}failed to authorize: failed to fetch ${credentials ? 'oauth' : 'anonymous'} token: ${status} Unauthorized`,
      )
  }
  if (error.status === 404) return new PullError('not-found', `${resolving}${reference}: not found`)
  if (error.status === 429) return new PullError('rate-limited', `${resolving}${status} Too Many Requests`)
  if (error.status === 401) return new PullError('unauthorized', `${resolving}${status} Unauthorized`)
  return new PullError('forbidden', `${resolving}${status} Forbidden`)
}

const capital = (method: string) => method.charAt(0) + method.slice(1).toLowerCase()
