import { parse } from 'yaml'

/** What user data tells nodeadm about the cluster that its machine shall join. */
export interface NodeConfig {
  name: string
  apiServerEndpoint: string
  /** PEM in base64. */
  certificateAuthority: string
  cidr: string
  labels: Record<string, string>
  taints: { key: string; value?: string; effect: 'NoSchedule' | 'NoExecute' | 'PreferNoSchedule' }[]
  maxPods?: number
}

/** User data from which no node comes, with the words of nodeadm or of the script that ran instead. */
export class NoNode extends Error {
  override readonly name = 'NoNode'
}

interface Document {
  apiVersion?: string
  kind?: string
  spec?: {
    cluster?: Partial<Record<'name' | 'apiServerEndpoint' | 'certificateAuthority' | 'cidr', string>>
    kubelet?: { config?: { maxPods?: number; registerWithTaints?: NodeConfig['taints'] }; flags?: string[] }
  }
}

const NODEADM = 'https://awslabs.github.io/amazon-eks-ami/nodeadm/'
/** What the file that Amazon Linux 2023 has in the script's place says. */
const REMOVED = [
  'ERROR: bootstrap.sh has been removed from AL2023-based EKS AMIs.',
  'EKS nodes are now initialized by nodeadm.',
  `To migrate your user data, see: ${NODEADM}`,
]

/**
 * Reads user data (base64) as an EKS-optimized Amazon Linux 2023 image does: NodeConfig documents, alone or as parts of a MIME
 * message; later ones lie over earlier ones. Throws NoNode.
 * https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api/ (read 2026-11)
 */
export function readNodeConfig(userData: string | undefined): NodeConfig {
  const text = Buffer.from(userData ?? '', 'base64').toString('utf8')
  const parts = partsOf(text)
  const documents = parts
    .filter(({ type }) => type === 'application/node.eks.aws')
    .flatMap(({ body }) => documentsOf(body))
  if (documents.length === 0) {
    if (parts.some(({ body }) => body.includes('/etc/eks/bootstrap.sh'))) throw new NoNode(REMOVED.join('\n'))
    throw new NoNode('Name is missing in cluster configuration')
  }
  return configOf(documents)
}

function configOf(documents: Document[]): NodeConfig {
  const cluster = Object.assign({}, ...documents.map(({ spec }) => spec?.cluster ?? {})) as NonNullable<
    NonNullable<Document['spec']>['cluster']
  >
  const required = (value: string | undefined, name: string) => {
    if (!value) throw new NoNode(`${name} is missing in cluster configuration`)
    return String(value)
  }
  const kubelets = documents.flatMap(({ spec }) => spec?.kubelet ?? [])
  const flags = kubelets.flatMap(({ flags }) => flags ?? [])
  return {
    name: required(cluster.name, 'Name'),
    apiServerEndpoint: required(cluster.apiServerEndpoint, 'Apiserver endpoint'),
    certificateAuthority: required(cluster.certificateAuthority, 'Certificate authority'),
    cidr: required(cluster.cidr, 'CIDR'),
    labels: Object.fromEntries(pairs(flagOf(flags, '--node-labels'))),
    taints: [
      ...kubelets.flatMap(({ config }) => config?.registerWithTaints ?? []),
      ...pairs(flagOf(flags, '--register-with-taints')).map(([key, rest]) => {
        const [value, effect] = rest.includes(':') ? rest.split(':') : [undefined, rest]
        return { key, ...(value && { value }), effect: effect as 'NoSchedule' }
      }),
    ],
    maxPods: kubelets.map(({ config }) => config?.maxPods).find((count) => count !== undefined),
  }
}

const flagOf = (flags: string[], name: string): string =>
  flags.find((flag) => flag.startsWith(`${name}=`))?.slice(name.length + 1) ?? ''

/** `a=b,c=d` */
const pairs = (text: string): [string, string][] =>
  text
    .split(',')
    .filter((pair) => pair.includes('='))
    .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])

/** The parts of user data with their types. */
function partsOf(text: string): { type: string; body: string }[] {
  const boundary = /^content-type:\s*multipart\/mixed;\s*boundary="?([^"\r\n;]+)"?/im.exec(text)?.[1]
  if (boundary === undefined) {
    const isConfig = /^\s*(---\s*)?apiVersion:\s*node\.eks\.aws\//m.test(text)
    return [{ type: isConfig ? 'application/node.eks.aws' : 'text/x-shellscript', body: text }]
  }
  return text
    .split(`--${boundary}`)
    .slice(1)
    .filter((part) => !part.startsWith('--'))
    .map((part) => {
      const [head = '', ...body] = part.replace(/^\r?\n/, '').split(/\r?\n\r?\n/)
      const type = /^content-type:\s*([^;\s]+)/im.exec(head)?.[1] ?? 'text/plain'
      return { type: type.toLowerCase(), body: body.join('\n\n') }
    })
}

function documentsOf(body: string): Document[] {
  return body
    .split(/^---\s*$/m)
    .filter((text) => text.trim() !== '')
    .map((text) => {
      let document: Document | undefined
      try {
        document = parse(text)
      } catch (error) {
        throw new NoNode(`error unmarshaling NodeConfig: ${(error as Error).message.split('\n')[0]}`)
      }
      if (document?.kind !== 'NodeConfig' || document.apiVersion !== 'node.eks.aws/v1alpha1') {
        throw new NoNode(
          `no kind "${document?.kind ?? ''}" is registered for version "${document?.apiVersion ?? ''}" in scheme`,
        )
      }
      return document
    })
}
