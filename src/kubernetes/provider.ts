import type { ImagePuller, RegistryCredentials } from '#containers/image.ts'
import type { ContainerRuntime, Mount } from '#containers/runtime.ts'
import type { KeyAndCertificate } from '#network/authority.ts'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import type { World } from '#world/world.ts'
import type { KubernetesObject } from './api.ts'
import type { BalancerCloud } from './balancers/stack.ts'
import type { NodeRecord } from './kubelet/node-record.ts'
import type { ClusterNetworks } from './network/networks.ts'

/** Services of a node that need no pods. */
export interface NodeServices {
  dns: boolean
  proxy: boolean
  /** The network of its pods, which otherwise a plug-in brings that pods of the cluster set up. */
  network: boolean
}

/** A network plug-in's daemon that calls the cloud: where it runs, as which service account of kube-system, with which environment. */
export interface PluginCaller {
  node: string
  account: string
  env: ReadonlyMap<string, string>
}

/** The cloud refused a call for want of a right to it. */
export class MissingPermission extends Error {
  override readonly name = 'MissingPermission'
  /** `ec2:DescribeNetworkInterfaces` */
  readonly action: string
  constructor(action: string) {
    super(`Unauthorized operation: failed to call ${action} due to missing permissions`)
    this.action = action
  }
}

/** Who makes a request, as Kubernetes sees it. */
export interface UserInfo {
  username: string
  uid?: string
  groups: string[]
  extra?: Record<string, string[]>
}

/** Turns a bearer token into a user; undefined: not one of mine. */
export interface TokenAuthenticator {
  authenticate(token: string): Promise<UserInfo | undefined>
}

/** A request to decide on, as SubjectAccessReview describes it. */
export interface AccessAttributes {
  user: UserInfo
  verb: string
  group: string
  version: string
  resource: string
  subresource: string
  namespace: string
  name: string
  /** For non-resource requests, the URL path. */
  path?: string
  /** Of a list or watch: `spec.nodeName=…`. */
  fieldSelector?: string
}

/** Decides beside RBAC (EKS access policies). `undefined` is no opinion. */
export interface Authorizer {
  authorize(attributes: AccessAttributes): { allowed: boolean; reason?: string } | undefined
}

/**
 * What the cloud does for a cluster; the kubelets, the service controller and the node lifecycle call it.
 * All of these are level-triggered: called again with the same arguments they change nothing.
 */
export interface CloudProvider {
  /** Addresses for pods of a node (VPC CNI: secondary addresses of the instance). Throws when the subnet has none left. */
  allocatePodAddress(nodeName: string, podUid: string): string
  releasePodAddress(nodeName: string, podUid: string): void
  /** A node came up, and these are its pods: what others still hold there is given back (VPC CNI: ipamd's reconciliation). */
  keepPodAddresses(nodeName: string, podUids: ReadonlySet<string>): void
  /** What the daemon of a node's network plug-in calls when it starts. Throws MissingPermission, or another Error when it cannot ask. */
  beginNetwork?(caller: PluginCaller): void
  /** Asked before a node connects to a host outside the cluster. Throws ConnectError when its packets do not get there. */
  dial?(nodeName: string, host: string, port: number): void
  /** What the cloud's own webhooks make of a new pod; `account` is its service account. May change the pod. */
  mutatePod?(pod: KubernetesObject, account: KubernetesObject | undefined): void
  /** Without it volumes are files of the world and nothing else. */
  volumes?: BlockStorage
  /** Network file systems; without it no node can mount one. */
  files?: FileStorage
  /** Credentials of the node's credential provider for an image's registry; undefined: anonymous. */
  registryCredentials(nodeName: string, reference: string): Promise<RegistryCredentials | undefined>
  /**
   * Makes or updates the load balancer of a Service, gives what belongs in `status.loadBalancer.ingress`;
   * undefined: not ready yet, call again; `elsewhere`: another controller's. Throws with the text for the `SyncLoadBalancerFailed` event.
   */
  ensureLoadBalancer(
    service: LoadBalancerRequest,
  ): Promise<{ hostname?: string; ip?: string }[] | 'elsewhere' | undefined>
  deleteLoadBalancer(service: { namespace: string; name: string; uid: string }): Promise<void>
  /** What the AWS Load Balancer Controller, where it is installed, works on; undefined: no such cloud. */
  balancers?: BalancerCloud
  /** What EKS Auto Mode's load balancing works on, and the cluster's name while it is on. */
  autoBalancers?: BalancerCloud & { cluster(): string | undefined }
}

/** A volume that a claim asks for. */
export interface VolumeRequest {
  /** Name of the driver that makes it. */
  driver: string
  /** `pvc-…`: asked again under the same name, the same volume is meant. */
  name: string
  sizeGiB: number
  zone: string
  /** Of its storage class. */
  parameters: Record<string, string>
  claim: { namespace: string; name: string }
}

/** Volumes of the cloud, as its storage driver makes them. */
export interface BlockStorage {
  /** Gives the volume's id. Throws with the text for the `ProvisioningFailed` event. */
  create(request: VolumeRequest): string
  /** Throws with the text for the `VolumeFailedDelete` event. Does nothing when it is gone. */
  delete(handle: string): void
}

/** Network file systems of the cloud, as their storage driver makes volumes of them and nodes mount these. */
export interface FileStorage {
  /** Gives the handle of a volume. Throws with the text for the `ProvisioningFailed` event. */
  create(request: Pick<VolumeRequest, 'name' | 'parameters'>): string
  /** Throws with the text for the `VolumeFailedDelete` event. Does nothing when it is gone. */
  delete(handle: string): void
  /** The files of a volume, shared by all who mount it, as a node sees them. Throws NodeMountError. */
  mount(nodeName: string, request: FileMount): Mount['files']
}

/** A volume that a kubelet mounts for a pod. */
export interface FileMount {
  handle: string
  options: string[]
  /** Folder of the node that it is mounted at. */
  target: string
}

/** A volume that a node does not get to mount. */
export class NodeMountError extends Error {
  override readonly name = 'NodeMountError'
  /** How long it takes (ms) until that shows: a mount that gets no answer. */
  readonly takesMs: number
  constructor(message: string, takesMs = 0) {
    super(message)
    this.takesMs = takesMs
  }
}

export interface LoadBalancerRequest {
  namespace: string
  name: string
  uid: string
  annotations: Record<string, string>
  ports: { name?: string; protocol: string; port: number; nodePort: number }[]
  /** Names and provider ids (`aws:///us-east-1a/i-…`) of the nodes that traffic may enter by. */
  nodes: { name: string; providerId: string; address: string }[]
  sourceRanges: string[]
}

/** A request over HTTP that the API server has answered. */
export interface AnsweredRequest {
  auditId: string
  /** Path and query. */
  uri: string
  verb: string
  /** Nobody: authentication failed. */
  user?: UserInfo
  sourceIp: string
  userAgent: string
  /** What it is about, if that is an API object; a new one by the name that it was given. */
  object?: Pick<AccessAttributes, 'resource' | 'namespace' | 'name' | 'group' | 'version' | 'subresource'>
  /** HTTP status. */
  code: number
  /** Why it was refused. */
  refusal?: string
  /** What admission has added for the audit log. */
  annotations: Record<string, string>
  /** What the answer's Status says of what went wrong. */
  error?: { reason: string; message: string }
  /** ms since the epoch. */
  receivedAt: number
}

/** What `/etc/resolv.conf` of a node says, as far as it is not by default. */
export interface NodeNames {
  servers: string[]
  searches?: string[]
}

export interface ClusterOptions {
  /** Names the cluster in the store: `kubernetes/<uid>/…`. */
  uid: string
  /** `v1.35.2-eks-…`: what `kubectl version` shows. */
  gitVersion: string
  world: World
  network: VirtualNetwork
  /** Where programs that are parts of a cluster find it; default: none are. */
  networks?: ClusterNetworks
  /** What a node brings itself of what otherwise CoreDNS, kube-proxy and a network plug-in do in pods. Default: all. */
  nodeBrings?(nodeName: string): NodeServices
  runtime: ContainerRuntime
  images: ImagePuller
  provider: CloudProvider
  tokens: TokenAuthenticator[]
  authorizers: Authorizer[]
  /** Service addresses, e.g. `10.100.0.0/16`. */
  serviceCidr: string
  /** PEM: signs client certificates and service-account tokens of this cluster. */
  certificateAuthority: { certificate: string; privateKey: string }
  /** What signs approved certificate requests; without a private key nothing does. Default: `certificateAuthority`. */
  signingAuthority?: { certificate: string; privateKey: string }
  /** The signers whose approved requests the cluster signs. Default: those of Kubernetes itself. */
  certificateSigners?: string[]
  /** Whether kubelets ask the cluster for their serving certificates (`serverTLSBootstrap`), and it approves them. Default false. */
  signedKubelets?: boolean
  /** What the configuration of a node's kubelet says beside the defaults. Default: nothing. */
  kubeletConfiguration?(node: NodeRecord): Record<string, unknown>
  /** Names outside the cluster, as the nodes and the control plane resolve them; undefined: NXDOMAIN. */
  upstreamDns?(name: string): string | undefined
  /** The name servers and search domains of the nodes. Default: the resolver of their network, and the domain of their own names. */
  nodeNames?(): NodeNames
  /** As whom the controllers of the cluster act, service accounts in kube-system. Default: as nobody of their own. */
  controllerAccounts?: readonly string[]
  /** Whose certificates the API server takes for a front proxy's, as `extension-apiserver-authentication` tells. Default: nobody's. */
  frontProxy?: FrontProxy
  /** Where clients reach the API server: `https://….eks.amazonaws.com`. */
  endpoint: string
  /** Who service-account tokens say has issued them. Default: the endpoint. */
  tokenIssuer?: string
  /** Where the API server listens inside the world: the control plane's addresses in the customer's subnets. Default: nowhere. */
  controlPlaneAddresses?: string[]
  /** The names of the hosts that have these addresses; each has its API server's lease. Default: none. */
  hostnames?: string[]
  /** Where all API servers of the cluster that run now listen; default: `controlPlaneAddresses`. */
  apiServers?(): string[]
  /** Default 443. */
  apiPort?: number
  /** What the API server shows there; default: a certificate of the cluster's authority for the names that pods use. */
  servingCertificate?: KeyAndCertificate
  /** PEM of the key that signs service-account tokens; default: the authority's. */
  serviceAccountKey?: string
  /** Whether RBAC has a say (`--authorization-mode`). Default true. */
  rbac?: boolean
  /** Why the store behind the API server cannot be reached now; undefined: it can. */
  storageTrouble?(): string | undefined
  /** Told of each request over HTTP when it has been answered. */
  onAnswer?(request: AnsweredRequest): void
  /** What ComponentStatus says of the parts of the control plane; default: there are none to ask. */
  componentHealth?(): ComponentHealth[]
}

/** What the `--requestheader-…` flags of an API server say. */
export interface FrontProxy {
  /** PEM. */
  authority: string
  allowedNames: string[]
  extraHeadersPrefix: string[]
  groupHeaders: string[]
  usernameHeaders: string[]
}

/** The health of a part of the control plane, as the API server finds it. */
export interface ComponentHealth {
  name: string
  healthy: boolean
  /** `ok`, or why it is not. */
  message: string
}
