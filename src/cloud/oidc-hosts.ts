import { issuerKey } from '#aws/eks/oidc.ts'
import type { HostTable, HttpHost } from '#network/hosts.ts'
import { openIdConfiguration } from '#network/json-web-key.ts'
import type { World } from '#world/world.ts'

const HOST = /^oidc\.eks\.[a-z0-9-]+\.amazonaws\.com$/
/** What EKS adds to the document of a cluster. */
const OF_EKS = {
  authorization_endpoint: 'urn:kubernetes:programmatic_authorization',
  claims_supported: ['sub', 'iss'],
}
const DISCOVERY = '/.well-known/openid-configuration'

/** The public hosts of the clusters' OIDC issuers: discovery documents and keys. */
export function oidcHosts(world: World): HostTable {
  const serve = (host: string): HttpHost => ({
    kind: 'http',
    request(req, res) {
      const path = (req.url ?? '/').split('?')[0]!
      const base = path.replace(/(\/\.well-known\/openid-configuration|\/keys)$/, '')
      const issuer = `https://${host}${base}`
      const key = issuerKey(world, issuer)
      const body = !key
        ? undefined
        : path.endsWith(DISCOVERY)
          ? { ...openIdConfiguration(issuer, `${issuer}/keys`, key.jwk.alg), ...OF_EKS }
          : path.endsWith('/keys')
            ? { keys: [key.jwk] }
            : undefined
      const text = JSON.stringify(body ?? { message: 'Not Found' })
      res.writeHead(body ? 200 : 404, { 'content-type': 'application/json' }).end(text)
    },
  })
  return { resolve: (host, port) => (port === 443 && HOST.test(host) ? serve(host) : undefined) }
}
