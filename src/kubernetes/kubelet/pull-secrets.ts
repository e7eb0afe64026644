import type { RegistryCredentials } from '#containers/image.ts'
import { parseReference } from '#containers/images/reference.ts'
import type { ClusterApi } from '../api.ts'
import type { Pod, Secret } from '../objects.ts'

interface DockerConfigEntry {
  username?: string
  password?: string
  auth?: string
}

/** Credentials for an image from the pod's `imagePullSecrets`; secrets that are missing or broken are passed over. */
export function pullSecretsFor(api: ClusterApi, pod: Pod, reference: string): RegistryCredentials[] {
  const { domain, path } = parseReference(reference)
  return (pod.spec.imagePullSecrets ?? []).flatMap(({ name }) => {
    const secret = name && api.get<Secret>('secrets', pod.metadata.namespace!, name)
    return secret
      ? Object.entries(entriesOf(secret))
          .filter(([registry]) => covers(registry, domain, path))
          .flatMap(([, entry]) => credentialsOf(entry))
      : []
  })
}

function entriesOf({ data = {} }: Secret): Record<string, DockerConfigEntry> {
  const config = data['.dockerconfigjson'] ?? data['.dockercfg']
  if (!config) return {}
  try {
    const parsed = JSON.parse(Buffer.from(config, 'base64').toString())
    return (data['.dockerconfigjson'] ? parsed.auths : parsed) ?? {}
  } catch {
    return {}
  }
}

/** Whether an entry (`https://index.docker.io/v1/`, `registry.example.com/team`, `*.example.com`) is for an image. */
function covers(registry: string, domain: string, path: string): boolean {
  const bare = registry.replace(/^https?:\/\//, '').replace(/\/$/, '')
  const [host = '', ...rest] = bare.split('/')
  const folder = rest.join('/').replace(/^v[12]$/, '')
  const wanted = /^(index\.)?docker\.io$|^registry-1\.docker\.io$/.test(host) ? 'docker.io' : host
  const labels = wanted.split('.')
  const own = domain.split('.')
  const sameHost =
    wanted === domain ||
    (labels.length === own.length && labels.every((label, index) => label === '*' || label === own[index]))
  return sameHost && (folder === '' || path === folder || path.startsWith(`${folder}/`))
}

function credentialsOf({ username, password, auth }: DockerConfigEntry): RegistryCredentials[] {
  if (username !== undefined && password !== undefined) return [{ username, password }]
  const [user, ...rest] = Buffer.from(auth ?? '', 'base64')
    .toString()
    .split(':')
  return user && rest.length > 0 ? [{ username: user, password: rest.join(':') }] : []
}
