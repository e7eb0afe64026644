import type { World } from '#world/world.ts'
import { familiarName, parseReference } from '../images/reference.ts'
import type { ContainerRecord } from './container-record.ts'
import type { Containers } from './containers.ts'
import type { ImageRecord, ImageStore } from './image-store.ts'

const GATEWAY = '172.17.0.1'
const BRIDGE_ID = 'b3a5d6c2f1e04c7f9a8be2d15c9f7a60d3e4b8c1a2f5967083d1c4e9ab72f605'

const mac = (address: string) =>
  `02:42:${address
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join(':')}`

const familiar = (name: string) => {
  const reference = parseReference(name)
  return familiarName(reference) + (reference.digest ? `@${reference.digest}` : `:${reference.tag}`)
}

const created = (image: ImageRecord) => Math.floor(Date.parse(image.config.created ?? '1970-01-01') / 1000)

/** An entry of `GET /images/json`. */
export function imageSummary(images: ImageStore, image: ImageRecord, containers: number) {
  return {
    Id: image.id,
    ParentId: image.parent ?? '',
    RepoTags: images.tags(image.id).map(({ name }) => familiar(name)),
    RepoDigests: images.digests(image.id).map(({ name }) => familiar(name)),
    Created: created(image),
    Size: image.size,
    SharedSize: -1,
    Labels: image.config.config.Labels ?? null,
    Containers: containers,
  }
}

/** `GET /images/{name}/json` */
export function imageDetails(images: ImageStore, image: ImageRecord) {
  const { config } = image
  return {
    Id: image.id,
    RepoTags: images.tags(image.id).map(({ name }) => familiar(name)),
    RepoDigests: images.digests(image.id).map(({ name }) => familiar(name)),
    Parent: image.parent ?? '',
    Comment: config.history?.at(-1)?.comment ?? '',
    Created: config.created,
    DockerVersion: image.parent ? '28.2.2' : '',
    Author: config.author ?? '',
    Config: {
      ...config.config,
      Cmd: config.config.Cmd ?? null,
      Entrypoint: config.config.Entrypoint ?? null,
    },
    Architecture: config.architecture,
    Os: config.os,
    Size: image.size,
    GraphDriver: { Data: null, Name: 'overlay2' },
    RootFS: { Type: 'layers', Layers: config.rootfs.diff_ids },
    Metadata: {
      LastTagTime: image.taggedAt ? new Date(image.taggedAt).toISOString() : '0001-01-01T00:00:00Z',
    },
  }
}

/** `GET /images/{name}/history`, newest first. */
export function imageHistory(images: ImageStore, image: ImageRecord) {
  const history = image.config.history ?? []
  let layer = 0
  const sizes = history.map((entry) => (entry.empty_layer ? 0 : (image.layers[layer++]?.size ?? 0)))
  let owner: ImageRecord | undefined = image
  return history
    .map((entry, index) => ({ entry, size: sizes[index]! }))
    .reverse()
    .map(({ entry, size }, index) => {
      const id = index === 0 ? image.id : owner ? owner.id : '<missing>'
      const tags = owner ? images.tags(owner.id).map(({ name }) => familiar(name)) : null
      owner = owner?.parent ? images.get(owner.parent) : undefined
      return {
        Id: id,
        Created: Math.floor(Date.parse(entry.created ?? '1970-01-01') / 1000),
        CreatedBy: entry.created_by ?? '',
        Tags: tags && tags.length > 0 ? tags : null,
        Size: size,
        Comment: entry.comment ?? '',
      }
    })
}

/** `Up 3 minutes`, `Exited (0) 2 hours ago` */
export function statusText(record: ContainerRecord, now: number): string {
  if (record.status === 'running') return `Up ${humanDuration(now - (record.startedAt ?? now))}`
  if (record.status === 'created') return 'Created'
  return `Exited (${record.exitCode}) ${humanDuration(now - (record.finishedAt ?? now))} ago`
}

/** Durations as the Docker CLI writes them. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 1) return 'Less than a second'
  if (seconds === 1) return '1 second'
  if (seconds < 60) return `${seconds} seconds`
  const minutes = Math.floor(seconds / 60)
  if (minutes === 1) return 'About a minute'
  if (minutes < 60) return `${minutes} minutes`
  const hours = Math.round(seconds / 3600)
  if (hours === 1) return 'About an hour'
  if (hours < 48) return `${hours} hours`
  if (hours < 24 * 14) return `${Math.floor(hours / 24)} days`
  if (hours < 24 * 60) return `${Math.floor(hours / 24 / 7)} weeks`
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`
  return `${Math.floor(hours / 24 / 365)} years`
}

function ports(
  record: ContainerRecord,
  images: ImageStore,
): { IP?: string; PrivatePort: number; PublicPort?: number; Type: string }[] {
  const image = images.get(record.imageId)
  const exposed = Object.keys({ ...image?.config.config.ExposedPorts, ...record.config.ExposedPorts })
  const published = record.ports.map(({ containerPort, hostIp, hostPort }) => ({
    IP: hostIp,
    PrivatePort: containerPort,
    PublicPort: hostPort,
    Type: 'tcp',
  }))
  const closed = exposed
    .map((port) => Number.parseInt(port, 10))
    .filter((port) => !record.ports.some(({ containerPort }) => containerPort === port))
    .map((port) => ({ PrivatePort: port, Type: 'tcp' }))
  return record.status === 'running' ? [...published, ...closed] : []
}

export function commandOf(record: ContainerRecord, images: ImageStore): string[] {
  const image = images.get(record.imageId)?.config.config
  const entrypoint = record.config.Entrypoint ?? image?.Entrypoint ?? []
  const args = record.config.Cmd?.length
    ? record.config.Cmd
    : record.config.Entrypoint
      ? []
      : (image?.Cmd ?? [])
  return [...entrypoint, ...args]
}

function networks(record: ContainerRecord) {
  const running = record.status === 'running'
  return {
    [record.network]: {
      IPAMConfig: null,
      Links: null,
      Aliases: null,
      MacAddress: running ? mac(record.address) : '',
      NetworkID: BRIDGE_ID,
      EndpointID: running ? record.id : '',
      Gateway: running ? GATEWAY : '',
      IPAddress: running ? record.address : '',
      IPPrefixLen: running ? 16 : 0,
    },
  }
}

/** An entry of `GET /containers/json`. */
export function containerSummary(record: ContainerRecord, images: ImageStore, now: number) {
  return {
    Id: record.id,
    Names: [`/${record.name}`],
    Image: record.imageName,
    ImageID: record.imageId,
    Command: commandOf(record, images).join(' '),
    Created: Math.floor(record.createdAt / 1000),
    Ports: ports(record, images),
    Labels: { ...images.get(record.imageId)?.config.config.Labels, ...record.config.Labels },
    State: record.status,
    Status: statusText(record, now),
    HostConfig: { NetworkMode: record.network },
    NetworkSettings: { Networks: networks(record) },
    Mounts: [],
  }
}

/** `GET /containers/{id}/json` */
export function containerDetails(record: ContainerRecord, images: ImageStore, containers: Containers) {
  const image = images.get(record.imageId)?.config.config
  const [path = '', ...args] = commandOf(record, images)
  const running = record.status === 'running'
  const time = (ms: number | undefined) =>
    ms === undefined ? '0001-01-01T00:00:00Z' : new Date(ms).toISOString()
  const published = Object.fromEntries(
    ports(record, images).map((port) => [
      `${port.PrivatePort}/tcp`,
      port.PublicPort !== undefined ? [{ HostIp: port.IP, HostPort: String(port.PublicPort) }] : null,
    ]),
  )
  return {
    Id: record.id,
    Created: time(record.createdAt),
    Path: path,
    Args: args,
    State: {
      Status: record.status,
      Running: running,
      Paused: false,
      Restarting: false,
      OOMKilled: false,
      Dead: false,
      Pid: running ? 1000 + (containers.session(record.id).container?.machine.processes.size ?? 0) : 0,
      ExitCode: record.exitCode,
      Error: record.error,
      StartedAt: time(record.startedAt),
      FinishedAt: time(record.finishedAt),
    },
    Image: record.imageId,
    ResolvConfPath: '',
    HostnamePath: '',
    HostsPath: '',
    LogPath: '',
    Name: `/${record.name}`,
    RestartCount: record.restartCount,
    Driver: 'overlay2',
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: null,
    HostConfig: {
      NetworkMode: 'bridge',
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
      LogConfig: { Type: 'json-file', Config: {} },
      ...record.hostConfig,
    },
    GraphDriver: { Data: null, Name: 'overlay2' },
    Mounts: [],
    Config: {
      ...record.config,
      Env: [
        ...(record.config.Env ?? []),
        ...(image?.Env ?? []).filter(
          (line) => !record.config.Env?.some((own) => own.split('=')[0] === line.split('=')[0]),
        ),
      ],
      Cmd: record.config.Cmd ?? image?.Cmd ?? null,
      Entrypoint: record.config.Entrypoint ?? image?.Entrypoint ?? null,
      WorkingDir: record.config.WorkingDir || image?.WorkingDir || '',
      Labels: { ...image?.Labels, ...record.config.Labels },
      ...(image?.ExposedPorts
        ? { ExposedPorts: { ...image.ExposedPorts, ...record.config.ExposedPorts } }
        : {}),
      ...(image?.StopSignal ? { StopSignal: image.StopSignal } : {}),
    },
    NetworkSettings: {
      Bridge: '',
      SandboxID: running ? record.id : '',
      Ports: published,
      Gateway: running ? GATEWAY : '',
      IPAddress: running ? record.address : '',
      IPPrefixLen: running ? 16 : 0,
      MacAddress: running ? mac(record.address) : '',
      Networks: networks(record),
    },
  }
}

/** The networks that every engine has. */
export function networkList(world: World) {
  const made = world.clock.date().toISOString()
  const network = (name: string, driver: string, id: string, subnet?: string) => ({
    Name: name,
    Id: id,
    Created: made,
    Scope: 'local',
    Driver: driver,
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Options: null, Config: subnet ? [{ Subnet: subnet, Gateway: GATEWAY }] : [] },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: {},
    Options: {},
    Labels: {},
  })
  return [
    network('bridge', 'bridge', BRIDGE_ID, '172.17.0.0/16'),
    network('host', 'host', BRIDGE_ID.replace(/^b3a5/, '4f1c')),
    network('none', 'null', BRIDGE_ID.replace(/^b3a5/, '9d27')),
  ]
}
