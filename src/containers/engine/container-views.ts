import type { ContainerFiles } from './container-files.ts'
import { writtenBytes } from './container-files.ts'
import { dnsNames } from './container-network.ts'
import { type ContainerRecord, type Endpoint, isUp, type VolumeMount } from './container-record.ts'
import { humanDuration } from './durations.ts'
import type { ImageRecord, ImageStore } from './image-store.ts'
import { macAddress, type NetworkRecord, type Networks, prefixLength } from './networks.ts'
import { containerDriver } from './overlay.ts'
import type { Sessions } from './session.ts'

/** What the pictures of containers are made from. */
export interface ViewParts {
  images: ImageStore
  networks: Networks
  sessions: Sessions
  files: ContainerFiles
}

/** `Up 3 minutes (healthy)`, `Exited (0) 2 hours ago` */
export function statusText(record: ContainerRecord, now: number): string {
  const up = `Up ${humanDuration(now - (record.startedAt ?? now))}`
  const health = record.health
    ? ` (${record.health.status === 'starting' ? 'health: starting' : record.health.status})`
    : ''
  switch (record.status) {
    case 'running':
      return up + health
    case 'paused':
      return `${up} (Paused)`
    case 'created':
      return 'Created'
    case 'restarting':
      return `Restarting (${record.exitCode}) ${humanDuration(now - (record.finishedAt ?? now))} ago`
    default:
      return `Exited (${record.exitCode}) ${humanDuration(now - (record.finishedAt ?? now))} ago`
  }
}

interface PortView {
  IP?: string
  PrivatePort: number
  PublicPort?: number
  Type: string
}

/** Published ports, then those that are only exposed. */
function ports(record: ContainerRecord, image: ImageRecord | undefined): PortView[] {
  if (!isUp(record)) return []
  const published = record.ports.flatMap(({ containerPort, protocol, hostIp, hostPort }) =>
    // A port that is published on all addresses is so on IPv6's too.
    (hostIp === '' ? ['0.0.0.0', '::'] : [hostIp]).map((IP) => ({
      IP,
      PrivatePort: containerPort,
      PublicPort: hostPort,
      Type: protocol,
    })),
  )
  const closed = Object.keys({ ...image?.config.config.ExposedPorts, ...record.config.ExposedPorts })
    .map((port) => ({ PrivatePort: Number.parseInt(port, 10), Type: port.split('/')[1] ?? 'tcp' }))
    .filter(
      ({ PrivatePort, Type }) =>
        !record.ports.some(
          ({ containerPort, protocol }) => containerPort === PrivatePort && protocol === Type,
        ),
    )
  return [...published, ...closed]
}

export function commandOf(record: ContainerRecord, image: ImageRecord | undefined): string[] {
  const config = image?.config.config
  const entrypoint = record.config.Entrypoint ?? config?.Entrypoint ?? []
  const args = record.config.Cmd?.length
    ? record.config.Cmd
    : record.config.Entrypoint
      ? []
      : (config?.Cmd ?? [])
  return [...entrypoint, ...args].filter((word, index) => word !== '' || index > 0)
}

function endpointView(
  record: ContainerRecord,
  name: string,
  endpoint: Endpoint,
  network: NetworkRecord | undefined,
) {
  const joined = endpoint.address !== ''
  const named = network !== undefined && !['bridge', 'host', 'none'].includes(name)
  return {
    IPAMConfig: endpoint.wanted ? { IPv4Address: endpoint.wanted } : named ? {} : null,
    Links: null,
    Aliases: named ? endpoint.aliases : null,
    MacAddress: joined ? macAddress(endpoint) : (endpoint.macAddress ?? ''),
    DriverOpts: endpoint.driverOptions ?? null,
    GwPriority: 0,
    NetworkID: endpoint.id === '' ? '' : (network?.id ?? ''),
    EndpointID: endpoint.id,
    Gateway: joined ? (network?.gateway ?? '') : '',
    IPAddress: endpoint.address,
    IPPrefixLen: joined && network ? prefixLength(network) : 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: named ? dnsNames(record, endpoint) : null,
  }
}

const endpointViews = (record: ContainerRecord, networks: Networks) =>
  Object.fromEntries(
    Object.entries(record.endpoints).map(([name, endpoint]) => [
      name,
      endpointView(record, name, endpoint, networks.find(endpoint.networkId || name)),
    ]),
  )

const mountView = ({ type, source, target, readOnly }: VolumeMount) => ({
  Type: type,
  ...(type === 'volume' ? { Name: source } : {}),
  Source: type === 'volume' ? `/var/lib/docker/volumes/${source}/_data` : source,
  Destination: target,
  ...(type === 'volume' ? { Driver: 'local' } : {}),
  Mode: type === 'volume' ? 'z' : '',
  RW: !readOnly,
  Propagation: type === 'bind' ? 'rprivate' : '',
})

/** What `--tmpfs` mounts stands in the settings only. */
const mountViews = ({ mounts, hostConfig }: ContainerRecord) =>
  mounts.filter(({ target }) => !(target in (hostConfig.Tmpfs ?? {}))).map(mountView)

/** An entry of `GET /containers/json`. */
export async function containerSummary(
  record: ContainerRecord,
  parts: ViewParts,
  options: { now: number; size: boolean },
) {
  const image = parts.images.get(record.imageId)
  return {
    Id: record.id,
    Names: [`/${record.name}`],
    Image: imageShown(record, parts.images),
    ImageID: record.imageId,
    Command: commandOf(record, image).join(' '),
    Created: Math.floor(record.createdAt / 1000),
    Ports: ports(record, image),
    ...(options.size ? await sizes(record, parts) : {}),
    Labels: { ...image?.config.config.Labels, ...record.config.Labels },
    State: record.status,
    Status: statusText(record, options.now),
    HostConfig: { NetworkMode: networkMode(record) },
    NetworkSettings: { Networks: endpointViews(record, parts.networks) },
    Mounts: mountViews(record),
  }
}

/** The name that it was made by, while that still names its image; else the image's id. */
function imageShown({ imageName, imageId }: ContainerRecord, images: ImageStore): string {
  if (imageId.startsWith(`sha256:${imageName}`) || imageName === imageId) return imageName
  return images.find(imageName)?.id === imageId ? imageName : imageId.slice(7, 19)
}

/** `SizeRw`: what it has written; `SizeRootFs`: with its image. Bytes. */
async function sizes(record: ContainerRecord, { files, images }: ViewParts) {
  const SizeRw = writtenBytes(await files.changes(record))
  return { SizeRw, SizeRootFs: SizeRw + (images.get(record.imageId)?.size ?? 0) }
}

const networkMode = ({ hostConfig }: ContainerRecord) =>
  hostConfig.NetworkMode && hostConfig.NetworkMode !== 'default' ? hostConfig.NetworkMode : 'bridge'

/** A process id of the engine's machine for one inside a container. */
export const hostPid = (record: ContainerRecord, pid: number): number =>
  1000 + (Number.parseInt(record.id.slice(0, 4), 16) % 20_000) + pid

const time = (ms: number | undefined) =>
  ms === undefined ? '0001-01-01T00:00:00Z' : new Date(ms).toISOString().replace('Z', '000000Z')

const ZERO_HOST_CONFIG = {
  ContainerIDFile: '',
  VolumeDriver: '',
  VolumesFrom: null,
  CapAdd: null,
  CapDrop: null,
  CgroupnsMode: 'private',
  Dns: [],
  DnsOptions: [],
  DnsSearch: [],
  ExtraHosts: null,
  GroupAdd: null,
  IpcMode: 'private',
  Cgroup: '',
  Links: null,
  OomScoreAdj: 0,
  PidMode: '',
  Privileged: false,
  PublishAllPorts: false,
  ReadonlyRootfs: false,
  SecurityOpt: null,
  UTSMode: '',
  UsernsMode: '',
  ShmSize: 67_108_864,
  Runtime: 'runc',
  Isolation: '',
  CpuShares: 0,
  Memory: 0,
  NanoCpus: 0,
  CgroupParent: '',
  CpuPeriod: 0,
  CpuQuota: 0,
  MemoryReservation: 0,
  MemorySwap: 0,
  OomKillDisable: null,
  PidsLimit: null,
  AutoRemove: false,
  Binds: null,
  PortBindings: {},
  ConsoleSize: [0, 0],
}

/** `GET /containers/{id}/json` */
export async function containerDetails(
  record: ContainerRecord,
  parts: ViewParts,
  options: { size: boolean },
) {
  const image = parts.images.get(record.imageId)
  const inherited = image?.config.config
  const [path = '', ...args] = commandOf(record, image)
  const up = isUp(record)
  const endpoints = endpointViews(record, parts.networks)
  const bridge = endpoints.bridge
  const folder = `/var/lib/docker/containers/${record.id}`
  return {
    Id: record.id,
    Created: time(record.createdAt),
    Path: path,
    Args: args,
    State: {
      Status: record.status,
      Running: up || record.status === 'restarting',
      Paused: record.status === 'paused',
      Restarting: record.status === 'restarting',
      OOMKilled: record.oomKilled ?? false,
      Dead: false,
      Pid: up ? hostPid(record, 1) : 0,
      ExitCode: record.exitCode,
      Error: record.error,
      StartedAt: time(record.startedAt),
      FinishedAt: time(record.finishedAt),
      ...(record.health ? { Health: healthView(record.health) } : {}),
    },
    Image: record.imageId,
    ResolvConfPath: `${folder}/resolv.conf`,
    HostnamePath: `${folder}/hostname`,
    HostsPath: `${folder}/hosts`,
    LogPath: `${folder}/${record.id}-json.log`,
    Name: `/${record.name}`,
    RestartCount: record.restartCount,
    Driver: 'overlay2',
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: null,
    HostConfig: {
      ...ZERO_HOST_CONFIG,
      ...record.hostConfig,
      CgroupnsMode: record.hostConfig.CgroupnsMode || 'private',
      IpcMode: record.hostConfig.IpcMode || 'private',
      Runtime: record.hostConfig.Runtime || 'runc',
      ShmSize: record.hostConfig.ShmSize || 67_108_864,
      NetworkMode: networkMode(record),
      RestartPolicy: {
        MaximumRetryCount: 0,
        ...record.hostConfig.RestartPolicy,
        Name: record.hostConfig.RestartPolicy?.Name || 'no',
      },
      LogConfig: {
        Type: record.hostConfig.LogConfig?.Type || 'json-file',
        Config: record.hostConfig.LogConfig?.Config ?? {},
      },
    },
    GraphDriver: containerDriver(record.id, image?.config.rootfs.diff_ids ?? []),
    ...(options.size ? await sizes(record, parts) : {}),
    Mounts: mountViews(record),
    Config: {
      Domainname: '',
      ...record.config,
      Env: [
        ...(record.config.Env ?? []),
        ...(inherited?.Env ?? []).filter(
          (line) => !record.config.Env?.some((own) => own.split('=')[0] === line.split('=')[0]),
        ),
      ],
      Cmd: record.config.Cmd?.length
        ? record.config.Cmd
        : record.config.Entrypoint
          ? null
          : (inherited?.Cmd ?? null),
      Entrypoint: record.config.Entrypoint ?? inherited?.Entrypoint ?? null,
      User: record.config.User || inherited?.User || '',
      WorkingDir: record.config.WorkingDir || inherited?.WorkingDir || '',
      Labels: { ...inherited?.Labels, ...record.config.Labels },
      Volumes: emptyAsNull({ ...inherited?.Volumes, ...record.config.Volumes }),
      OnBuild: null,
      ...(inherited?.ExposedPorts || record.config.ExposedPorts
        ? { ExposedPorts: { ...inherited?.ExposedPorts, ...record.config.ExposedPorts } }
        : {}),
      ...(record.config.Healthcheck || inherited?.Healthcheck
        ? { Healthcheck: record.config.Healthcheck ?? inherited?.Healthcheck }
        : {}),
      ...(record.config.StopSignal || inherited?.StopSignal
        ? { StopSignal: record.config.StopSignal || inherited?.StopSignal }
        : {}),
    },
    NetworkSettings: {
      Bridge: '',
      SandboxID: up ? record.id : '',
      SandboxKey: up ? `/var/run/docker/netns/${record.id.slice(0, 12)}` : '',
      Ports: up ? publishedPorts(record, image) : {},
      HairpinMode: false,
      LinkLocalIPv6Address: '',
      LinkLocalIPv6PrefixLen: 0,
      SecondaryIPAddresses: null,
      SecondaryIPv6Addresses: null,
      EndpointID: bridge?.EndpointID ?? '',
      Gateway: bridge?.Gateway ?? '',
      GlobalIPv6Address: '',
      GlobalIPv6PrefixLen: 0,
      IPAddress: bridge?.IPAddress ?? '',
      IPPrefixLen: bridge?.IPPrefixLen ?? 0,
      IPv6Gateway: '',
      MacAddress: bridge?.MacAddress ?? '',
      Networks: endpoints,
    },
  }
}

const emptyAsNull = <T extends object>(value: T): T | null => (Object.keys(value).length > 0 ? value : null)

const healthView = ({ status, failingStreak, log }: NonNullable<ContainerRecord['health']>) => ({
  Status: status,
  FailingStreak: failingStreak,
  Log: log.map(({ start, end, exitCode, output }) => ({
    Start: time(start),
    End: time(end),
    ExitCode: exitCode,
    Output: output,
  })),
})

/** `80/tcp` → where it is published; null for a port that is only exposed. */
function publishedPorts(record: ContainerRecord, image: ImageRecord | undefined) {
  const result: Record<string, { HostIp: string; HostPort: string }[] | null> = {}
  for (const { IP, PrivatePort, PublicPort, Type } of ports(record, image)) {
    const key = `${PrivatePort}/${Type}`
    result[key] =
      PublicPort === undefined
        ? null
        : [...(result[key] ?? []), { HostIp: IP!, HostPort: String(PublicPort) }]
  }
  return result
}
