import type { World } from '#world/world.ts'
import { InvalidReferenceError } from '../images/reference.ts'
import { badRequest, conflict, EngineError, notFound } from './api.ts'
import type { BindMounts } from './bind-mounts.ts'
import type { ContainerNetwork } from './container-network.ts'
import { type ContainerConfig, type ContainerRecord, type HostConfig, isUp } from './container-record.ts'
import type { ContainerStore } from './container-store.ts'
import type { Events } from './events.ts'
import { acceptedSettings, checkRestartPolicy } from './host-config.ts'
import type { ImageStore } from './image-store.ts'
import type { Lifecycle } from './lifecycle.ts'
import { resolveMounts } from './mounts.ts'
import { makeName } from './names.ts'
import { type EndpointRequest, type Networks, requestedEndpoint } from './networks.ts'
import { formatPlatform, isFor, parsePlatform } from './platform.ts'
import { checkResources, cpuLimitMilli } from './resources.ts'
import type { Sessions } from './session.ts'
import type { Volumes } from './volumes.ts'

/** What the containers of an engine work with. */
export interface ContainersOptions {
  world: World
  store: ContainerStore
  images: ImageStore
  volumes: Volumes
  binds: BindMounts
  networks: Networks
  containerNetwork: ContainerNetwork
  sessions: Sessions
  lifecycle: Lifecycle
  events: Events
}

/** What `POST /containers/create` asks for. */
export interface CreateRequest {
  name?: string | undefined
  config: ContainerConfig
  hostConfig: HostConfig
  endpoints?: Record<string, EndpointRequest | null>
  /** `linux/arm64`, which the image must be made for; default: whatever the image is. */
  platform?: string | undefined
}

/** Makes, renames, changes and removes containers. Errors are EngineErrors with the engine's texts. */
export class Containers {
  readonly #options: ContainersOptions

  constructor(options: ContainersOptions) {
    this.#options = options
  }

  /** Gives the container and what the engine warns of. */
  create({ name, config, hostConfig: asked, endpoints = {}, platform }: CreateRequest): {
    record: ContainerRecord
    warnings: string[]
  } {
    const { world, store, images, volumes, networks } = this.#options
    if (world.fairUse.full)
      throw new EngineError(500, 'mkdir /var/lib/docker/containers: no space left on device')
    let image: ReturnType<ImageStore['require']>
    try {
      image = images.require(config.Image)
    } catch (error) {
      if (error instanceof InvalidReferenceError) throw badRequest(error.message)
      throw error
    }
    const wanted = platform ? parsePlatform(platform) : undefined
    if (wanted && !isFor(image.config, wanted))
      throw notFound(
        `image with reference ${config.Image} was found but its platform (${formatPlatform(image.config)}) does not match the specified platform (${formatPlatform(wanted)})`,
      )
    if (name !== undefined && !/^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) {
      throw badRequest(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`)
    }
    const { hostConfig, warnings } = acceptedSettings(config, asked)
    const plain = name?.replace(/^\//, '')
    if (plain) this.#requireFree(plain)
    let made = plain ?? makeName(world.ids)
    while (store.all().some((record) => record.name === made)) made = makeName(world.ids)
    const mounts = resolveMounts({
      image: image.config.config,
      config,
      hostConfig,
      ids: world.ids,
      binds: this.#options.binds,
      container: (other) => {
        const found = store.find(other)
        if (!found) throw badRequest(`No such container: ${other}`)
        return found
      },
    })
    for (const { type, source, anonymous } of mounts)
      if (type === 'volume' && !volumes.has(source)) {
        volumes.create(source, { anonymous })
        this.#options.events.emit('volume', 'create', source, { driver: 'local' })
      }
    const id = world.ids.hex(64)
    const record: ContainerRecord = {
      id,
      name: made,
      createdAt: world.clock.now(),
      imageId: image.id,
      imageName: config.Image,
      config: { ...config, Hostname: this.#hostname(config, hostConfig, id) },
      hostConfig,
      address: '',
      endpoints: this.#endpoints(hostConfig, endpoints, networks),
      mounts,
      status: 'created',
      exitCode: 0,
      error: '',
      restartCount: 0,
      ports: [],
      changes: [],
    }
    store.put(record)
    this.#options.events.container('create', record)
    return { record, warnings }
  }

  #hostname(config: ContainerConfig, { NetworkMode = '' }: HostConfig, id: string): string {
    if (NetworkMode.startsWith('container:'))
      return this.#options.store.find(NetworkMode.slice('container:'.length))?.config.Hostname ?? ''
    return config.Hostname || (NetworkMode === 'host' ? 'drydock' : id.slice(0, 12))
  }

  /** The networks that it is to be in: that of `--network`, and further ones of the request. */
  #endpoints(
    { NetworkMode = 'default' }: HostConfig,
    requests: Record<string, EndpointRequest | null>,
    networks: Networks,
  ): ContainerRecord['endpoints'] {
    if (NetworkMode.startsWith('container:')) return {}
    const mode = NetworkMode === 'default' ? 'bridge' : (networks.find(NetworkMode)?.name ?? NetworkMode)
    const asked = Object.entries(requests).map(
      ([name, request]) =>
        [name === 'default' ? 'bridge' : (networks.find(name)?.name ?? name), request] as const,
    )
    const own = asked.find(([name]) => name === mode)
    return Object.fromEntries(
      [own ?? ([mode, null] as const), ...asked.filter((entry) => entry !== own)].map(([name, request]) => [
        name,
        requestedEndpoint(name, request),
      ]),
    )
  }

  /** Throws EngineError when it runs and `force` is not given. `volumes`: its anonymous volumes go with it. */
  async remove(text: string, options: { force: boolean; volumes?: boolean }): Promise<void> {
    const { world, store, sessions, lifecycle, events } = this.#options
    const record = store.require(text)
    if (isUp(record) || record.status === 'restarting') {
      if (!options.force) {
        const why =
          record.status === 'paused'
            ? 'paused and must be unpaused first'
            : `${record.status}: stop the container before removing or force remove`
        throw conflict(`cannot remove container "/${record.name}": container is ${why}`)
      }
      await lifecycle.end(record.id)
    }
    if (!store.delete(record.id)) return
    sessions.remove(record.id)
    if (options.volumes || record.hostConfig.AutoRemove) this.#removeVolumes(record)
    events.container('destroy', record)
    await world.store.flushed()
  }

  #removeVolumes(record: ContainerRecord): void {
    const { store, volumes, events } = this.#options
    for (const { type, source, anonymous } of record.mounts) {
      if (type !== 'volume' || !anonymous || !volumes.has(source)) continue
      if (volumes.users(source, store.all()).length > 0) continue
      volumes.remove(source, [])
      events.emit('volume', 'destroy', source, { driver: 'local' })
    }
  }

  rename(text: string, asked: string): void {
    const { store, events } = this.#options
    const record = store.require(text)
    const name = asked.replace(/^\//, '')
    if (name === '') throw badRequest('Neither old nor new names may be empty')
    if (name === record.name) throw badRequest('Renaming a container with the same name as its current name')
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name))
      throw badRequest(
        `Error when allocating new name: Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
      )
    this.#requireFree(name, 'Error when allocating new name: ')
    const renamed = store.update(record.id, { name })!
    events.container('rename', renamed, { oldName: `/${record.name}` })
  }

  /** `docker update`: limits and the restart policy. Gives what the engine warns of. */
  update(text: string, change: HostConfig): string[] {
    const { store, sessions, events } = this.#options
    const record = store.require(text)
    const { hostConfig } = record
    const { RestartPolicy, ...limits } = change
    const set = Object.fromEntries(Object.entries(limits).filter(([, value]) => value))
    const next: HostConfig = { ...hostConfig, ...set }
    if (change.Memory && !change.MemorySwap && hostConfig.MemorySwap && hostConfig.MemorySwap > 0) {
      if (change.Memory > hostConfig.MemorySwap)
        throw conflict(
          `Cannot update container ${record.id}: Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time`,
        )
    }
    if (RestartPolicy?.Name) {
      if (hostConfig.AutoRemove && RestartPolicy.Name !== 'no')
        throw badRequest('Restart policy cannot be updated because AutoRemove is enabled for the container')
      next.RestartPolicy = RestartPolicy
    }
    checkRestartPolicy(next.RestartPolicy)
    const { hostConfig: accepted, warnings } = checkResources(next, { update: true })
    store.update(record.id, { hostConfig: accepted })
    sessions.of(record.id).container?.setLimits({
      memoryLimitBytes: next.Memory || undefined,
      cpuLimitMilli: cpuLimitMilli(next),
    })
    events.container('update', record)
    return warnings
  }

  /** Puts a container into a network, also while it runs. */
  connect(networkName: string, text: string, request: EndpointRequest | null): void {
    const { store, networks, containerNetwork, events } = this.#options
    const record = store.require(text)
    const network = networks.require(networkName)
    if (record.endpoints.host || record.hostConfig.NetworkMode?.startsWith('container:'))
      throw new EngineError(
        403,
        record.endpoints.host
          ? 'container cannot be disconnected from host network or connected to host network'
          : 'container sharing network namespace with another container or host cannot be connected to any other network',
      )
    if (network.name === 'host')
      throw new EngineError(
        403,
        'container cannot be disconnected from host network or connected to host network',
      )
    if (record.endpoints[network.name])
      throw new EngineError(
        403,
        `endpoint with name ${record.name} already exists in network ${network.name}`,
      )
    const asked = { ...requestedEndpoint(network.name, request), networkId: network.id }
    const endpoint = isUp(record) ? networks.join(network, asked, store.all()) : asked
    const changed = store.update(record.id, { endpoints: { ...record.endpoints, [network.name]: endpoint } })!
    if (isUp(record)) containerNetwork.changed(changed, record)
    events.emit('network', 'connect', network.id, {
      container: record.id,
      name: network.name,
      type: network.driver,
    })
  }

  /** Takes a container out of a network. */
  disconnect(networkName: string, text: string, force: boolean): void {
    const { store, networks, containerNetwork, events } = this.#options
    const network = networks.require(networkName)
    const record = store.find(text)
    if (!record) {
      if (force) return
      store.require(text)
      return
    }
    if (network.name === 'host' || record.endpoints.host)
      throw new EngineError(
        403,
        'container cannot be disconnected from host network or connected to host network',
      )
    if (!record.endpoints[network.name])
      throw new EngineError(403, `container ${record.id} is not connected to network ${network.name}`)
    const { [network.name]: _gone, ...endpoints } = record.endpoints
    const changed = store.update(record.id, { endpoints })!
    if (isUp(record)) containerNetwork.changed(changed, record)
    events.emit('network', 'disconnect', network.id, {
      container: record.id,
      name: network.name,
      type: network.driver,
    })
  }

  #requireFree(name: string, prefix = ''): void {
    const taken = this.#options.store.all().find((record) => record.name === name)
    if (!taken) return
    throw conflict(
      `${prefix}Conflict. The container name "/${name}" is already in use by container "${taken.id}". You have to remove (or rename) that container to be able to reuse that name.`,
    )
  }
}
