import { KubeConfig } from '@kubernetes/client-node'
import { parse } from 'yaml'
import { z } from 'zod'

/** A kubeconfig that a check does not follow: it is broken, or asks for what is not done for whoever wrote it. */
export class KubeConfigError extends Error {
  override readonly name = 'KubeConfigError'
}

/** More is no kubeconfig that kubectl or kind writes. */
const ALIAS_LIMIT = 20

const named = <Key extends string, Value extends z.ZodType>(key: Key, value: Value) =>
  z.array(z.object({ name: z.string() }).extend({ [key]: value } as Record<Key, Value>)).default([])

/** What stands in the file itself. All else that a cluster or user can have names a program or a file, and is refused. */
const clusterSchema = z.strictObject({
  server: z.url({ protocol: /^https?$/ }),
  'certificate-authority-data': z.string().optional(),
  'insecure-skip-tls-verify': z.boolean().default(false),
  'tls-server-name': z.string().optional(),
})
const userSchema = z.strictObject({
  token: z.string().optional(),
  'client-certificate-data': z.string().optional(),
  'client-key-data': z.string().optional(),
})
const configSchema = z.object({
  contexts: named('context', z.object({ cluster: z.string(), user: z.string() })),
  clusters: named('cluster', z.unknown()),
  users: named('user', z.unknown()),
})

/**
 * Access to a cluster of a world by one context of the kubeconfig that its learner keeps. That file is input, and a check runs outside
 * of the learner's sandbox: so it takes the address, token and certificates that stand in the file, runs no credential program, reads
 * no other file (the client library's own reader does both), and reaches nothing but the world's network. Undefined when there is no
 * context of that name. Throws KubeConfigError.
 */
export function worldKubeConfig(text: string, context: string, proxyUrl: string): KubeConfig | undefined {
  const { contexts, clusters, users } = checked(configSchema, contentOf(text), 'the file')
  const names = contexts.find(({ name }) => name === context)?.context
  if (!names) return undefined
  const cluster = checked(
    clusterSchema,
    clusters.find(({ name }) => name === names.cluster)?.cluster,
    `the cluster ${names.cluster}`,
  )
  const user = checked(
    userSchema,
    users.find(({ name }) => name === names.user)?.user,
    `the user ${names.user}`,
  )
  const config = new KubeConfig()
  config.loadFromClusterAndUser(
    {
      name: names.cluster,
      server: cluster.server,
      caData: cluster['certificate-authority-data'],
      skipTLSVerify: cluster['insecure-skip-tls-verify'],
      tlsServerName: cluster['tls-server-name'],
      proxyUrl,
    },
    {
      name: names.user,
      token: user.token,
      certData: user['client-certificate-data'],
      keyData: user['client-key-data'],
    },
  )
  return config
}

function contentOf(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: ALIAS_LIMIT })
  } catch (error) {
    throw new KubeConfigError((error as Error).message)
  }
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.infer<Schema> {
  const { data, error } = schema.safeParse(value)
  if (!error) return data
  const [issue] = error.issues
  if (issue?.code === 'unrecognized_keys')
    throw new KubeConfigError(
      `${what} uses "${issue.keys[0]}"; checks take only what stands in the file itself: a token, or certificates as -data`,
    )
  throw new KubeConfigError(`${what}: ${[...(issue?.path ?? []), issue?.message].join(' ')}`)
}
