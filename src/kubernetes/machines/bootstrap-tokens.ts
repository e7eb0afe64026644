import type { ClusterApi, KubernetesObject } from '../api.ts'
import type { TokenAuthenticator } from '../provider.ts'

type Secret = KubernetesObject & { type?: string; data?: Record<string, string> }

const text = (secret: Secret, key: string) => Buffer.from(secret.data?.[key] ?? '', 'base64').toString()

/** Bootstrap tokens (`abcdef.0123456789abcdef`): Secrets of kube-system that let a machine join. Models plugin/pkg/auth/authenticator/token/bootstrap. */
export function bootstrapTokens(api: () => ClusterApi, now: () => number): TokenAuthenticator {
  return {
    async authenticate(token) {
      const [, id, secret] = /^([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(token) ?? []
      if (!id) return undefined
      const found = api().get<Secret>('secrets', 'kube-system', `bootstrap-token-${id}`)
      if (found?.type !== 'bootstrap.kubernetes.io/token' || text(found, 'token-secret') !== secret)
        return undefined
      const expiration = text(found, 'expiration')
      if (expiration && Date.parse(expiration) <= now()) return undefined
      if (text(found, 'usage-bootstrap-authentication') !== 'true') return undefined
      const extra = text(found, 'auth-extra-groups').split(',').filter(Boolean)
      return { username: `system:bootstrap:${id}`, groups: ['system:bootstrappers', ...extra] }
    },
  }
}
