import { parse } from 'yaml'

/** What a component takes from its kubeconfig: where the API server is, whom to trust, who it is. */
export interface Kubeconfig {
  server: string
  /** PEM */
  authority: string
  user: { certificate?: string; key?: string; token?: string; certificateFile?: string; tokenFile?: string }
}

// biome-ignore lint/suspicious/noExplicitAny: a kubeconfig is read field by field.
type Yaml = any

const pem = (base64: string | undefined) => (base64 ? Buffer.from(base64, 'base64').toString() : undefined)

/** Reads the current context of a kubeconfig. Throws an Error with client-go's text. */
export function readKubeconfig(text: string): Kubeconfig {
  let config: Yaml
  try {
    config = parse(text)
  } catch (error) {
    throw new Error(`yaml: ${(error as Error).message.split('\n')[0]}`)
  }
  const named = (list: Yaml[] | undefined, name: string) => list?.find((item) => item.name === name)
  const context = named(config?.contexts, config?.['current-context'])?.context
  const cluster = named(config?.clusters, context?.cluster)?.cluster
  if (!cluster?.server)
    throw new Error(
      'invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable',
    )
  const user = named(config.users, context.user)?.user ?? {}
  const certificate = pem(user['client-certificate-data'])
  const key = pem(user['client-key-data'])
  return {
    server: cluster.server,
    authority: pem(cluster['certificate-authority-data']) ?? '',
    user: {
      ...(certificate && { certificate }),
      ...(key && { key }),
      ...(user.token && { token: user.token }),
      ...(user['client-certificate'] && { certificateFile: user['client-certificate'] }),
      ...(user.tokenFile && { tokenFile: user.tokenFile }),
    },
  }
}

/** A kubeconfig of one cluster, user and context, as kubeadm writes it. */
export function writeKubeconfig(options: {
  cluster: string
  server: string
  authority: string
  user: string
  /** Default: `<user>@<cluster>`. */
  context?: string
  namespace?: string
  /** PEM, or the path of a file with both; or a bearer token. */
  identity: { certificate: string; privateKey: string } | { file: string } | { token: string }
}): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const { cluster, server, authority, user, identity, namespace } = options
  const { context = `${user}@${cluster}` } = options
  const credentials =
    'token' in identity
      ? `    token: ${identity.token}\n`
      : 'file' in identity
        ? `    client-certificate: ${identity.file}\n    client-key: ${identity.file}\n`
        : `    client-certificate-data: ${base64(identity.certificate)}\n    client-key-data: ${base64(identity.privateKey)}\n`
  return `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${base64(authority)}
    server: ${server}
  name: ${cluster}
contexts:
- context:
    cluster: ${cluster}
${namespace ? `    namespace: ${namespace}\n` : ''}    user: ${user}
  name: ${context}
current-context: ${context}
kind: Config
preferences: {}
users:
- name: ${user}
  user:
${credentials}`
}
