import { isInMemory } from '#containers/files/nodes.ts'
import { wholeOf } from '#containers/files/pieces.ts'
import type { ContainerFs } from '#containers/processes/container-fs.ts'
import type { NodePlugins } from '../network/plugins.ts'

/** Where a container runtime finds the configuration of the network plug-in (`conf_dir` of containerd's CRI plug-in). */
export const NETWORK_CONFIGURATION = '/etc/cni/net.d'

/** Why a node is not ready whose container runtime finds no network plug-in. */
export const NETWORK_MISSING =
  'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized'

/** The plug-in whose binary asks a daemon of its node for addresses, and what it says when none answers (v1.21 of the VPC CNI). */
const DAEMON_PLUGIN = 'aws-cni'
const DAEMON_AWAY =
  'add cmd: Error received from AddNetwork gRPC call: rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:50051: connect: connection refused"'

/** Why a pod gets no network now. */
export type NetworkTrouble =
  /** Its node has no network plug-in. */
  | { kind: 'missing' }
  /** The plug-in has failed: its part of the event's text. */
  | { kind: 'failed'; text: string }

/** The networks of nodes, as their kubelets and container runtimes find them. */
export interface NodeNetworks {
  /** Whether a node needs no plug-in of the cluster. */
  brings(node: string): boolean
  /** Whether a node can give pods a network as far as its kubelet knows. */
  isReady(node: string): boolean
  trouble(node: string): NetworkTrouble | undefined
  /** Whether what a pod has held can be given back. */
  takesBack(node: string): boolean
}

/** `filesOf`: the file system of a node. */
export function nodeNetworks(
  brings: (node: string) => boolean,
  filesOf: (node: string) => ContainerFs,
  plugins: Pick<NodePlugins, 'serves'>,
): NodeNetworks {
  const typeOf = (node: string) => pluginType(filesOf(node))
  const isAway = (node: string, type: string | undefined) => type === DAEMON_PLUGIN && !plugins.serves(node)
  return {
    brings,
    isReady: (node) => brings(node) || typeOf(node) !== undefined,
    trouble(node) {
      if (brings(node)) return
      const type = typeOf(node)
      if (type === undefined) return { kind: 'missing' }
      if (isAway(node, type)) return { kind: 'failed', text: pluginFailure(DAEMON_AWAY) }
      return
    },
    takesBack: (node) => brings(node) || !isAway(node, typeOf(node)),
  }
}

/** What containerd says of a plug-in that failed to add a pod to its network. */
export const pluginFailure = (text: string): string =>
  `plugin type="aws-cni" name="aws-cni" failed (add): ${text}`

/** The type of the first plug-in that the files of a node configure; undefined: none does. Models libcni's choice of its file. */
function pluginType(files: ContainerFs): string | undefined {
  const folder = files.find(NETWORK_CONFIGURATION)
  if (folder?.kind !== 'directory') return undefined
  const names = [...folder.children.keys()].filter((name) => /\.(conf|conflist|json)$/.test(name)).sort()
  for (const name of names) {
    const file = files.find(`${NETWORK_CONFIGURATION}/${name}`)
    if (file?.kind !== 'file') continue
    const { content } = file
    // What nobody has read since it was packed into a layer was good when it was written.
    const type = isInMemory(content) ? typeIn(Buffer.from(wholeOf(content)).toString()) : 'packed'
    if (type !== undefined) return type
  }
  return undefined
}

function typeIn(text: string): string | undefined {
  try {
    const { plugins, type = plugins?.[0]?.type } = JSON.parse(text) as {
      type?: string
      plugins?: { type?: string }[]
    }
    return typeof type === 'string' ? type : undefined
  } catch {
    return undefined
  }
}
