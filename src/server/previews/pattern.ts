import { isLoopback } from '../security/address.ts'

/**
 * The addresses of previews on a server at `url`: `http://*.localhost:4321`, the star being a preview's own name. Browsers
 * lead every name under `localhost` to their own machine (RFC 6761, 6.3), so this needs no setting there; a server
 * that others reach needs names of its own (`given`), else there are no previews: undefined.
 */
export function previewPattern(url: string, given: string | undefined): string | undefined {
  if (given !== undefined) return given
  const { protocol, hostname, port } = new URL(url)
  if (!isLoopback(hostname.replace(/^\[|\]$/g, ''))) return undefined
  return `${protocol}//*.localhost${port ? `:${port}` : ''}`
}
