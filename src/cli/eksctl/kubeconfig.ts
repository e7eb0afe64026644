import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { Cluster } from '@aws-sdk/client-eks'
import { parse, stringify } from 'yaml'
import { EksctlError } from './log.ts'

interface Named {
  name: string
}

interface Kubeconfig {
  apiVersion: string
  kind: string
  'current-context'?: string
  clusters: Named[]
  contexts: Named[]
  users: Named[]
  preferences?: object
}

/** Where the kubeconfig is: the option, the first file of KUBECONFIG, or `~/.kube/config`. */
export function kubeconfigPath(option?: string): string {
  const fromEnvironment = process.env.KUBECONFIG?.split(delimiter).find((path) => path !== '')
  return option ?? fromEnvironment ?? join(homedir(), '.kube', 'config')
}

const replaced = (list: Named[] | null | undefined, entry: Named) => [
  ...(list ?? []).filter(({ name }) => name !== entry.name),
  entry,
]

async function readKubeconfig(path: string): Promise<Kubeconfig> {
  const empty: Kubeconfig = { apiVersion: 'v1', kind: 'Config', clusters: [], contexts: [], users: [] }
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return empty
    throw new EksctlError(`unable to read kubeconfig ${path}: ${(error as Error).message}`)
  }
  return { ...empty, ...(parse(text) as Partial<Kubeconfig> | null) }
}

async function writeConfig(path: string, config: Kubeconfig): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, stringify(config, { lineWidth: 0 }), { mode: 0o600 })
}

/** `demo.us-east-1.eksctl.io` */
const hostOf = (cluster: Cluster) => `${cluster.name}.${cluster.arn!.split(':')[3]}.eksctl.io`

/** Adds a cluster, with a user whose token `aws eks get-token` gives, and makes it the current context. */
export async function addCluster(
  path: string,
  cluster: Cluster,
  userName: string,
  options: { profile?: string; setContext?: boolean } = {},
): Promise<void> {
  const config = await readKubeconfig(path)
  const host = hostOf(cluster)
  const context = `${userName}@${host}`
  const env = [
    { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
    ...(options.profile ? [{ name: 'AWS_PROFILE', value: options.profile }] : []),
  ]
  const args = ['eks', 'get-token', '--output', 'json', '--cluster-name', cluster.name!, '--region']
  const next = {
    ...config,
    clusters: replaced(config.clusters, {
      name: host,
      cluster: {
        'certificate-authority-data': cluster.certificateAuthority!.data,
        server: cluster.endpoint,
      },
    } as Named),
    contexts: replaced(config.contexts, {
      name: context,
      context: { cluster: host, user: context },
    } as Named),
    users: replaced(config.users, {
      name: context,
      user: {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1beta1',
          args: [...args, cluster.arn!.split(':')[3]],
          command: 'aws',
          env,
          interactiveMode: 'IfAvailable',
          provideClusterInfo: false,
        },
      },
    } as Named),
  }
  if (options.setContext ?? true) next['current-context'] = context
  await writeConfig(path, next)
}

/** Takes a cluster out again; gives whether it was there. */
export async function removeCluster(path: string, name: string, region: string): Promise<boolean> {
  const config = await readKubeconfig(path)
  const host = `${name}.${region}.eksctl.io`
  const others = (list: Named[]) =>
    list.filter((entry) => entry.name !== host && !entry.name.endsWith(`@${host}`))
  if (others(config.clusters).length === config.clusters.length) return false
  const next = {
    ...config,
    clusters: others(config.clusters),
    contexts: others(config.contexts),
    users: others(config.users),
  }
  if (config['current-context']?.endsWith(`@${host}`)) next['current-context'] = ''
  await writeConfig(path, next)
  return true
}
