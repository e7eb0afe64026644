/** An image reference taken apart, with Docker's defaults filled in. */
export interface ImageReference {
  /** `docker.io`, `public.ecr.aws`, `localhost:5000` */
  domain: string
  /** `library/nginx` */
  path: string
  tag?: string
  /** `sha256:…` */
  digest?: string
}

/** A reference that the grammar does not allow. */
export class InvalidReferenceError extends Error {
  override readonly name = 'InvalidReferenceError'
}

const DOMAIN =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::\d+)?$/
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const TAG = /^\w[\w.-]{0,127}$/
const HEX_ID = /^[0-9a-f]{64}$/

/** Parses and normalizes (`nginx` → `docker.io/library/nginx`); no tag is added. Throws InvalidReferenceError. */
export function parseReference(text: string): ImageReference {
  let rest = text
  let digest: string | undefined
  const at = rest.indexOf('@')
  if (at !== -1) {
    digest = rest.slice(at + 1)
    rest = rest.slice(0, at)
    if (!/^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}$/.test(digest)) throw invalid()
  }
  let tag: string | undefined
  const colon = rest.lastIndexOf(':')
  if (colon > rest.lastIndexOf('/')) {
    tag = rest.slice(colon + 1)
    rest = rest.slice(0, colon)
    if (!TAG.test(tag)) throw invalid()
  }
  if (HEX_ID.test(rest)) {
    throw new InvalidReferenceError(
      `invalid repository name (${rest}), cannot specify 64-byte hexadecimal strings`,
    )
  }
  const slash = rest.indexOf('/')
  const first = slash === -1 ? '' : rest.slice(0, slash)
  const isDomain =
    first !== '' && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase())
  let domain = isDomain ? first : 'docker.io'
  let path = isDomain ? rest.slice(slash + 1) : rest
  if (domain === 'index.docker.io') domain = 'docker.io'
  if (domain === 'docker.io' && !path.includes('/')) path = `library/${path}`
  if (path !== path.toLowerCase()) {
    throw new InvalidReferenceError(`invalid reference format: repository name (${path}) must be lowercase`)
  }
  if (!DOMAIN.test(domain) || !path.split('/').every((part) => COMPONENT.test(part))) throw invalid()
  return { domain, path, tag, digest }
}

const invalid = () => new InvalidReferenceError('invalid reference format')

/** Parses and gives a reference without tag or digest the tag `latest`. */
export function parseTagged(text: string): ImageReference & { tag: string } {
  const reference = parseReference(text)
  return { ...reference, tag: reference.tag ?? 'latest' }
}

/** `docker.io/library/nginx` */
export const canonicalName = ({ domain, path }: ImageReference): string => `${domain}/${path}`

/** As people write it: `nginx`, `acme/web`, `public.ecr.aws/x/y`. */
export function familiarName({ domain, path }: ImageReference): string {
  if (domain !== 'docker.io') return `${domain}/${path}`
  return path.startsWith('library/') ? path.slice('library/'.length) : path
}

/** How a registry is asked: on this machine without TLS, as the Docker Engine does by default. */
export const registryScheme = (host: string): 'http' | 'https' =>
  isLoopback(host.replace(/:\d+$/, '')) ? 'http' : 'https'

/** Whether a host name is this machine's own. */
export const isLoopback = (name: string): boolean => /^(?:localhost|127(?:\.\d+){3}|\[?::1\]?)$/.test(name)

/** The host that serves a domain's registry API. */
export const registryHost = (domain: string): string =>
  domain === 'docker.io' ? 'registry-1.docker.io' : domain
