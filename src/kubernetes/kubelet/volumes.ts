import { posix } from 'node:path'
import { contentSize } from '#containers/files/nodes.ts'
import type { Mount } from '#containers/runtime.ts'
import type {
  ContainerSpecification,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Volume,
  VolumeMount,
} from '../objects.ts'
import { isFinished, isReady } from '../pods.ts'
import { type FileStorage, NodeMountError } from '../provider.ts'
import { parseQuantity } from '../quantity.ts'
import { CLAIMS, EFS_DRIVER, isBound, VOLUMES } from '../volumes/claims.ts'
import { folderOf, type VolumeStore } from '../volumes/files.ts'
import { type HostPath, hostFolder, openHostPath, within } from '../volumes/host-paths.ts'
import { ConfigError, type EnvironmentSource, expand } from './environment.ts'
import {
  configMapFiles,
  downwardFiles,
  type Files,
  replace,
  secretFiles,
  TokenFile,
  type TokenIssuer,
} from './volume-content.ts'

/** A volume could not be set up; the text of the FailedMount event. */
export class MountError extends Error {
  override readonly name = 'MountError'
  /** Of the event: FailedMount, FailedAttachVolume. */
  readonly reason: string
  /** How long it takes (ms) until that shows. */
  readonly takesMs: number
  constructor(message: string, reason = 'FailedMount', takesMs = 0) {
    super(message)
    this.reason = reason
    this.takesMs = takesMs
  }
}

const setUpFailed = (volume: string, why: string, takesMs = 0): MountError =>
  new MountError(`MountVolume.SetUp failed for volume "${volume}" : ${why}`, 'FailedMount', takesMs)

/** The volumes of one pod: their files live as long as it does. */
export class PodVolumes {
  readonly #files = new Map<string, Files>()
  readonly #issueToken: TokenIssuer
  readonly #now: () => number
  /** When each projected token was signed, by volume: they are renewed after 80 % of their life. */
  readonly #tokens = new Map<string, { token: TokenFile; renewAt: number }>()

  readonly #store: VolumeStore
  /** Volumes that are a part of the node's own file system. */
  readonly #hostPaths = new Map<string, HostPath>()
  /** Sizes of the volumes that are memory (`emptyDir.medium`), bytes. */
  readonly #memory = new Map<string, number>()
  readonly #network: FileStorage | undefined
  readonly #podsWith: (claim: string) => Pod[]
  /** Volumes that show what the API server has: containers only read them. */
  readonly #made = new Set<string>()
  /** Volumes whose files outlive the pod. */
  readonly #lasting = new Set<string>()

  /** `network` has the file systems that nodes mount, `podsWith` gives the pods that mount a claim, `<namespace>/<name>`. */
  constructor(
    issueToken: TokenIssuer,
    now: () => number,
    store: VolumeStore,
    network: FileStorage | undefined,
    podsWith: (claim: string) => Pod[],
  ) {
    this.#issueToken = issueToken
    this.#now = now
    this.#store = store
    this.#network = network
    this.#podsWith = podsWith
  }

  /** When the first token must be renewed, ms; infinite without tokens. */
  get renewAt(): number {
    return Math.min(...[...this.#tokens.values()].map(({ renewAt }) => renewAt))
  }

  /** Fills all volumes from what they are made of, or brings them up to date. Throws MountError. */
  sync(source: EnvironmentSource): void {
    for (const volume of source.pod.spec.volumes ?? []) {
      if (this.#lasting.has(volume.name) || this.#hostPaths.has(volume.name)) continue
      const lasting = this.#open(source, volume)
      if (lasting && 'path' in lasting) {
        this.#hostPaths.set(volume.name, lasting)
        continue
      }
      if (lasting) {
        this.#files.set(volume.name, lasting)
        this.#lasting.add(volume.name)
        continue
      }
      let wanted: Files | undefined
      try {
        wanted = this.#contentOf(source, volume)
      } catch (error) {
        throw setUpFailed(volume.name, (error as Error).message)
      }
      if (volume.emptyDir?.medium === 'Memory')
        this.#memory.set(volume.name, memoryVolumeBytes(source, volume))
      const files = this.#files.get(volume.name) ?? new Map()
      this.#files.set(volume.name, files)
      if (!wanted) continue
      replace(files, wanted)
      this.#made.add(volume.name)
    }
  }

  /** The first emptyDir that holds more than its `sizeLimit`, and that limit. */
  overLimit(pod: Pod): { volume: string; limit: string } | undefined {
    for (const { name, emptyDir } of pod.spec.volumes ?? []) {
      if (emptyDir?.sizeLimit === undefined) continue
      let size = 0
      for (const { content } of this.#files.get(name)?.values() ?? []) size += contentSize(content)
      if (size > parseQuantity(emptyDir.sizeLimit)) return { volume: name, limit: emptyDir.sizeLimit }
    }
  }

  /** The mounts of a container; `subPath` takes one file or folder as it is now. */
  mountsOf(container: ContainerSpecification, env: Record<string, string>, group?: number): Mount[] {
    return (container.volumeMounts ?? []).map((mount) => {
      const memoryBytes = this.#memory.get(mount.name)
      return {
        ...this.#mount(mount, env),
        ...(memoryBytes !== undefined && { memoryBytes }),
        ...(group !== undefined && { group }),
      }
    })
  }

  #mount(mount: VolumeMount, env: Record<string, string>): Mount {
    const files = this.#files.get(mount.name) ?? new Map()
    const made = this.#made.has(mount.name)
    // As runc has it: `/etc/app/` is `/etc/app`.
    const path = posix.resolve('/', mount.mountPath)
    const base = { path, ...((mount.readOnly || made) && { readOnly: true }) }
    const subPath = subPathOf(mount, env)
    const host = this.#hostPaths.get(mount.name)
    if (host) {
      const part = subPath ? within(host, subPath) : host
      const single = part.files.find(part.path)?.kind !== 'directory'
      return { ...base, files: new Map(), folder: hostFolder(part), ...(single && { single }) }
    }
    if (!subPath) return { ...base, files, ...(files.has('') && { single: true }) }
    const single = files.get(subPath)
    if (single) return { ...base, files: new Map([['', single]]), single: true }
    if (!made) {
      const inside = `${subPath.replace(/\/+$/, '')}/`
      if (![...files.keys()].some((path) => path.startsWith(inside)))
        files.set(inside, { content: new Uint8Array(), mode: 0o777 })
      return { ...base, files: folderOf(files, inside.slice(0, -1)) }
    }
    const inside = [...files].filter(([path]) => path.startsWith(`${subPath}/`))
    return { ...base, files: new Map(inside.map(([path, file]) => [path.slice(subPath.length + 1), file])) }
  }

  /** The files of a volume that is not the pod's own; undefined for others. Throws MountError. */
  #open({ api, pod }: EnvironmentSource, volume: Volume): Files | HostPath | undefined {
    const node = pod.spec.nodeName!
    if (volume.hostPath) return this.#openHost(node, volume.name, volume.hostPath)
    const { namespace } = pod.metadata
    const claimName =
      volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral && `${pod.metadata.name}-${volume.name}`)
    if (claimName === undefined) return
    const claim = api.get<PersistentVolumeClaim>(CLAIMS, namespace!, claimName)
    const found = claim && isBound(claim) && api.get<PersistentVolume>(VOLUMES, '', claim.spec.volumeName!)
    if (!found) {
      const why = claim
        ? 'PVC is not bound'
        : `failed to fetch PVC from API server: persistentvolumeclaims "${claimName}" not found`
      throw new MountError(
        `Unable to attach or mount volumes: unmounted volumes=[${volume.name}], unattached volumes=[], failed to process volumes=[${volume.name}]: error processing PVC ${namespace}/${claimName}: ${why}`,
      )
    }
    const { csi, nfs, local, hostPath } = found.spec
    if (!csi) {
      if (hostPath) return this.#openHost(node, found.metadata.name, hostPath)
      if (local) return this.#openLocal(node, found.metadata.name, local.path)
      return this.#store.open(nfs ? `nfs/${nfs.server}${nfs.path}` : `volume/${found.metadata.uid}`)
    }
    if (csi.driver === EFS_DRIVER) return this.#mountNetwork(api, pod, found)
    const others = elsewhere(this.#podsWith(`${namespace}/${claimName}`), pod)
    if (others.length > 0 && !found.spec.accessModes?.some((mode) => mode.endsWith('Many'))) {
      const message = `Multi-Attach error for volume "${found.metadata.name}" Volume is already used by pod(s) ${others.join(', ')}`
      throw new MountError(message, 'FailedAttachVolume')
    }
    const attached = `AttachVolume.Attach succeeded for volume "${found.metadata.name}" `
    api.event(pod, 'Normal', 'SuccessfulAttachVolume', attached, { component: 'attachdetach-controller' })
    return this.#store.open(`csi/${csi.volumeHandle}`)
  }

  /** Models the kubelet's CSI mounter with the node plugin of aws-efs-csi-driver. */
  #mountNetwork(api: EnvironmentSource['api'], pod: Pod, volume: PersistentVolume): Files {
    const { name } = volume.metadata
    const { driver, volumeHandle } = volume.spec.csi!
    const node = pod.spec.nodeName!
    const fargate = node.startsWith('fargate-')
    const plugin = api
      .list<Pod>('pods', 'kube-system')
      .some(
        (one) => one.metadata.labels?.app === 'efs-csi-node' && one.spec.nodeName === node && isReady(one),
      )
    if (!this.#network || (!plugin && !fargate)) {
      const why = `driver name ${driver} not found in the list of registered CSI drivers`
      throw setUpFailed(name, `kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: ${why}`)
    }
    const target = `/var/lib/kubelet/pods/${pod.metadata.uid}/volumes/kubernetes.io~csi/${name}/mount`
    try {
      return this.#network.mount(node, {
        handle: volumeHandle,
        options: volume.spec.mountOptions ?? [],
        target,
      })
    } catch (error) {
      if (!(error instanceof NodeMountError)) throw error
      throw setUpFailed(name, error.message, error.takesMs)
    }
  }

  #openHost(node: string, name: string, { path, type }: { path: string; type?: string }): HostPath {
    try {
      return openHostPath(this.#store.hostOf(node), path, type)
    } catch (error) {
      throw setUpFailed(name, (error as Error).message)
    }
  }

  /** Models pkg/volume/local: the path must be there. */
  #openLocal(node: string, name: string, path: string): HostPath {
    const files = this.#store.hostOf(node)
    if (files.exists(path)) return { files, path }
    throw new MountError(
      `MountVolume.NewMounter initialization failed for volume "${name}" : path "${path}" does not exist`,
    )
  }

  /** What a volume holds; undefined: it starts empty and belongs to the containers. Throws with the kubelet's text. */
  #contentOf(source: EnvironmentSource, volume: Volume): Files | undefined {
    if (volume.emptyDir) return undefined
    if (volume.configMap) {
      const { name, items, optional, defaultMode } = volume.configMap
      return configMapFiles(source, name!, items, optional, defaultMode)
    }
    if (volume.secret) {
      const { secretName, items, optional, defaultMode } = volume.secret
      return secretFiles(source, secretName!, items, optional, defaultMode)
    }
    if (volume.downwardAPI) {
      return downwardFiles(source, volume.downwardAPI.items ?? [], volume.downwardAPI.defaultMode)
    }
    if (volume.projected) return this.#projected(source, volume)
    const kind = Object.keys(volume).find((key) => key !== 'name')
    throw new ConfigError(`volumes of type ${kind} are not simulated`)
  }

  #projected(source: EnvironmentSource, { name, projected }: Volume): Files {
    const mode = projected!.defaultMode
    const files: Files = new Map()
    for (const part of projected!.sources ?? []) {
      const content = part.configMap
        ? configMapFiles(source, part.configMap.name!, part.configMap.items, part.configMap.optional, mode)
        : part.secret
          ? secretFiles(source, part.secret.name!, part.secret.items, part.secret.optional, mode)
          : part.downwardAPI
            ? downwardFiles(source, part.downwardAPI.items ?? [], mode)
            : part.serviceAccountToken
              ? new Map([
                  [part.serviceAccountToken.path, this.#token(source, name, part.serviceAccountToken, mode)],
                ])
              : new Map()
      for (const [path, value] of content) files.set(path, value)
    }
    return files
  }

  #token(
    { pod }: EnvironmentSource,
    volume: string,
    { audience, expirationSeconds = 3600 }: { audience?: string; expirationSeconds?: number },
    mode: number | undefined,
  ): TokenFile {
    const key = `${volume}/${audience ?? ''}`
    const known = this.#tokens.get(key)
    if (known && known.renewAt > this.#now()) return known.token
    const issued = this.#issueToken({
      namespace: pod.metadata.namespace!,
      serviceAccount: pod.spec.serviceAccountName || 'default',
      pod: { name: pod.metadata.name, uid: pod.metadata.uid! },
      audience,
      expirationSeconds,
    })
    const token = new TokenFile(issued, mode)
    this.#tokens.set(key, { token, renewAt: this.#now() + expirationSeconds * 800 })
    return token
  }
}

/** The part of a volume that a mount shows. Throws ConfigError. Models makeMounts of pkg/kubelet and ExpandContainerVolumeMounts. */
function subPathOf({ subPath, subPathExpr }: VolumeMount, env: Record<string, string>): string | undefined {
  if (!subPathExpr) return subPath
  const names = [...subPathExpr.matchAll(/(?<!\$)\$\(([^)]*)\)/g)].map(([, name]) => name!)
  const missing = [...new Set(names)].filter((name) => !env[name]).sort()
  if (missing.length > 0) throw new ConfigError(`missing value for ${missing.join(', ')}`)
  const expanded = expand(subPathExpr, env)
  if (expanded.startsWith('/'))
    throw new ConfigError(`error SubPath \`${expanded}\` must not be an absolute path`)
  if (expanded.split('/').includes('..'))
    throw new ConfigError(`unable to provision SubPath \`${expanded}\`: must not contain '..'`)
  return expanded
}

/** How large a memory volume is. Models calculateEmptyDirMemorySize: the least of its limit, its pod's and its node's memory. */
function memoryVolumeBytes({ pod, node }: EnvironmentSource, { emptyDir }: Volume): number {
  const limits = pod.spec.containers.map(({ resources }) => resources?.limits?.memory)
  const sum = limits.every((limit) => limit !== undefined)
    ? limits.reduce((total, limit) => total + parseQuantity(limit), 0)
    : Number.POSITIVE_INFINITY
  const own = emptyDir?.sizeLimit === undefined ? Number.POSITIVE_INFINITY : parseQuantity(emptyDir.sizeLimit)
  const allocatable = node?.status?.allocatable?.memory
  return Math.min(
    own || Number.POSITIVE_INFINITY,
    sum,
    allocatable ? parseQuantity(allocatable) : Number.POSITIVE_INFINITY,
  )
}

/** Those of the pods with a pod's claim that have its volume on other nodes. */
const elsewhere = (pods: Pod[], pod: Pod): string[] =>
  pods
    .filter((other) => other.spec.nodeName && other.spec.nodeName !== pod.spec.nodeName && !isFinished(other))
    .map(({ metadata }) => metadata.name)
