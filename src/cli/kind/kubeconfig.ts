import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { parse, stringify } from 'yaml'

// biome-ignore lint/suspicious/noExplicitAny: a kubeconfig is changed field by field.
type Config = any

/** Where kubectl looks first: the given path, `KUBECONFIG`, the home folder. */
export const kubeconfigPath = (given?: string): string =>
  given ?? process.env.KUBECONFIG?.split(':').find(Boolean) ?? join(homedir(), '.kube/config')

export const contextName = (cluster: string): string => `kind-${cluster}`

/** An admin.conf of a node as its users need it: cluster, user and context are called `kind-<name>`. */
export function exportedConfig(adminConf: string, cluster: string): string {
  const config: Config = parse(adminConf)
  const name = contextName(cluster)
  return stringify(
    {
      apiVersion: 'v1',
      clusters: [{ cluster: config.clusters[0].cluster, name }],
      contexts: [{ context: { cluster: name, user: name }, name }],
      'current-context': name,
      kind: 'Config',
      preferences: {},
      users: [{ name, user: config.users[0].user }],
    },
    { indentSeq: false, lineWidth: 0 },
  )
}

async function read(path: string): Promise<Config> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return parse(text) ?? { apiVersion: 'v1', kind: 'Config', preferences: {} }
}

async function write(path: string, config: Config): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(`${path}.lock`, stringify(config, { indentSeq: false, lineWidth: 0 }), { mode: 0o600 })
  await rename(`${path}.lock`, path)
}

const LISTS = ['clusters', 'contexts', 'users'] as const

/** Puts a cluster's entries into a kubeconfig and makes its context the current one. */
export async function addToKubeconfig(path: string, exported: string): Promise<void> {
  const config = await read(path)
  const fresh: Config = parse(exported)
  for (const list of LISTS) {
    const [entry] = fresh[list]
    config[list] = [
      ...(config[list] ?? []).filter(({ name }: { name: string }) => name !== entry.name),
      entry,
    ]
  }
  await write(path, { ...config, 'current-context': fresh['current-context'] })
}

/** Takes a cluster's entries out of a kubeconfig. */
export async function removeFromKubeconfig(path: string, cluster: string): Promise<void> {
  const config = await read(path)
  const name = contextName(cluster)
  if (!LISTS.some((list) => config[list]?.some((entry: { name: string }) => entry.name === name))) return
  for (const list of LISTS)
    config[list] = (config[list] ?? []).filter((entry: { name: string }) => entry.name !== name)
  if (config['current-context'] === name) config['current-context'] = ''
  await write(path, config)
}
