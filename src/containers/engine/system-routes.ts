import { createHash } from 'node:crypto'
import { KERNEL } from '../processes/kernel-settings.ts'
import { parseFilters, type Route, readJson, sendJson } from './api.ts'
import type { ContainerRecord } from './container-record.ts'
import { containerSummary } from './container-views.ts'
import { eventMatches } from './events.ts'
import { listImages } from './image-filters.ts'
import { imageSummary } from './image-views.ts'
import { untilTime } from './labels.ts'
import type { EngineParts } from './parts.ts'
import { MACHINE } from './resources.ts'
import { volumeView } from './volume-routes.ts'

/** The engine that goes with the CLI of Debian and of Docker's own packages, May 2025. */
export const ENGINE_VERSION = '28.2.2'
export const API_VERSION = '1.50'
export const MINIMUM_API_VERSION = '1.24'
export const SERVER_HEADER = `Docker/${ENGINE_VERSION} (linux)`

const BUILD_TIME = '2025-05-30T12:07:26.000000000+00:00'

/** The engine itself: versions, info, login, events, disk use. */
export function systemRoutes(parts: EngineParts): Route[] {
  const { world, images, store, volumes, distribution, events } = parts
  const ping: Route[2] = ({ res, req }) => {
    res.setHeader('builder-version', '1')
    res.setHeader('swarm', 'inactive')
    res.setHeader('cache-control', 'no-cache, no-store, must-revalidate')
    res.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'content-length': 2 })
    res.end(req.method === 'HEAD' ? undefined : 'OK')
  }
  return [
    ['GET', /^\/_ping$/, ping],
    ['HEAD', /^\/_ping$/, ping],
    [
      'GET',
      /^\/version$/,
      (call) =>
        sendJson(call, 200, {
          Platform: { Name: 'Docker Engine - Community' },
          Components: [
            {
              Name: 'Engine',
              Version: ENGINE_VERSION,
              Details: {
                ApiVersion: API_VERSION,
                Arch: 'amd64',
                BuildTime: BUILD_TIME,
                Experimental: 'false',
                GitCommit: '45873be',
                GoVersion: 'go1.24.3',
                KernelVersion: KERNEL,
                MinAPIVersion: MINIMUM_API_VERSION,
                Os: 'linux',
              },
            },
            {
              Name: 'containerd',
              Version: '1.7.27',
              Details: { GitCommit: '05044ec0a9a75232cad458027ca83437aae3f4da' },
            },
            { Name: 'runc', Version: '1.2.5', Details: { GitCommit: 'v1.2.5-0-g59923ef' } },
          ],
          Version: ENGINE_VERSION,
          ApiVersion: API_VERSION,
          MinAPIVersion: MINIMUM_API_VERSION,
          GitCommit: '45873be',
          GoVersion: 'go1.24.3',
          Os: 'linux',
          Arch: 'amd64',
          KernelVersion: KERNEL,
          BuildTime: BUILD_TIME,
        }),
    ],
    [
      'GET',
      /^\/info$/,
      (call) => {
        const all = store.all()
        const count = (...states: ContainerRecord['status'][]) =>
          all.filter(({ status }) => states.includes(status)).length
        sendJson(call, 200, {
          ID: engineId(world.id),
          Containers: all.length,
          ContainersRunning: count('running'),
          ContainersPaused: count('paused'),
          ContainersStopped: count('created', 'exited', 'restarting'),
          Images: images.all().length,
          Driver: 'overlay2',
          DriverStatus: [
            ['Backing Filesystem', 'extfs'],
            ['Supports d_type', 'true'],
            ['Using metacopy', 'false'],
            ['Native Overlay Diff', 'true'],
            ['userxattr', 'false'],
          ],
          Plugins: {
            Volume: ['local'],
            Network: ['bridge', 'host', 'null'],
            Authorization: null,
            Log: ['json-file', 'local'],
          },
          MemoryLimit: true,
          SwapLimit: true,
          CpuCfsPeriod: true,
          CpuCfsQuota: true,
          CPUShares: true,
          CPUSet: true,
          PidsLimit: true,
          IPv4Forwarding: true,
          OomKillDisable: false,
          Debug: false,
          NFd: 24,
          NGoroutines: 42,
          SystemTime: world.clock.date().toISOString(),
          LoggingDriver: 'json-file',
          CgroupDriver: 'systemd',
          CgroupVersion: '2',
          NEventsListener: events.listeners,
          KernelVersion: KERNEL,
          OperatingSystem: 'Drydock (simulated)',
          OSVersion: '1',
          OSType: 'linux',
          Architecture: 'x86_64',
          IndexServerAddress: 'https://index.docker.io/v1/',
          RegistryConfig: {
            IndexConfigs: { 'docker.io': { Mirrors: [], Name: 'docker.io', Official: true, Secure: true } },
            InsecureRegistryCIDRs: ['127.0.0.0/8'],
            Mirrors: null,
          },
          NCPU: MACHINE.cpus,
          MemTotal: MACHINE.memory,
          DockerRootDir: '/var/lib/docker',
          HttpProxy: '',
          HttpsProxy: '',
          NoProxy: '',
          Name: 'drydock',
          Labels: [],
          ExperimentalBuild: false,
          ServerVersion: ENGINE_VERSION,
          Runtimes: { runc: { path: 'runc' } },
          DefaultRuntime: 'runc',
          Swarm: {
            NodeID: '',
            NodeAddr: '',
            LocalNodeState: 'inactive',
            ControlAvailable: false,
            Error: '',
            RemoteManagers: null,
          },
          LiveRestoreEnabled: false,
          Isolation: '',
          InitBinary: 'docker-init',
          ContainerdCommit: { ID: '05044ec0a9a75232cad458027ca83437aae3f4da' },
          RuncCommit: { ID: 'v1.2.5-0-g59923ef' },
          InitCommit: { ID: 'de40ad0' },
          SecurityOptions: ['name=seccomp,profile=builtin', 'name=cgroupns'],
          Warnings: null,
        })
      },
    ],
    [
      'POST',
      /^\/auth$/,
      async (call) => {
        const { username, password, serveraddress } = await readJson(call)
        await distribution.login({ username: username ?? '', password: password ?? '' }, serveraddress ?? '')
        sendJson(call, 200, { IdentityToken: '', Status: 'Login Succeeded' })
      },
    ],
    [
      'GET',
      /^\/events$/,
      ({ res, query }) => {
        const filters = parseFilters(query.get('filters'))
        const time = (name: string) => {
          const text = query.get(name)
          return text ? untilTime(text, world.clock.now()) : undefined
        }
        const until = time('until')
        const since = time('since') ?? (until === undefined ? undefined : 0)
        res.writeHead(200, { 'content-type': 'application/json' })
        res.flushHeaders()
        const stop = events.follow(
          (event) => {
            const late = until !== undefined && event.timeNano / 1e6 > until
            if (!late && eventMatches(event, filters)) res.write(`${JSON.stringify(event)}\n`)
          },
          since === undefined ? undefined : since / 1000,
        )
        res.on('close', stop)
        if (until === undefined) return
        const end = () => {
          stop()
          res.end()
        }
        if (until <= world.clock.now()) end()
        else world.clock.setTimer(until - world.clock.now(), end)
      },
    ],
    [
      'GET',
      /^\/system\/df$/,
      async (call) => {
        const all = images.all()
        const containers = store.all()
        const now = world.clock.now()
        const uses = new Map<string, number>()
        const listed = listImages(images, {}, { all: false, now }).map(({ image }) => image)
        for (const { layers } of listed)
          for (const { digest } of layers) uses.set(digest, (uses.get(digest) ?? 0) + 1)
        const layers = new Map<string, number>()
        for (const image of all)
          for (const [digest, size] of images.layerSizes(image)) layers.set(digest, size)
        const shared = (image: (typeof all)[number]) =>
          images
            .layerSizes(image)
            .reduce((sum, [digest, size]) => sum + ((uses.get(digest) ?? 0) > 1 ? size : 0), 0)
        sendJson(call, 200, {
          LayersSize: [...layers.values()].reduce((sum, size) => sum + size, 0),
          Images: listed.map((image) => ({
            ...imageSummary(images, image, containers.filter(({ imageId }) => imageId === image.id).length),
            SharedSize: shared(image),
          })),
          Containers: await Promise.all(
            containers.map((record) => containerSummary(record, parts, { now, size: true })),
          ),
          Volumes: await Promise.all(
            volumes.all().map(async (volume) => ({
              ...volumeView(volume),
              UsageData: {
                Size: await volumes.sizeOf(volume),
                RefCount: volumes.users(volume.name, containers).length,
              },
            })),
          ),
          BuildCache: [],
        })
      },
    ],
    [
      'GET',
      /^\/images\/search$/,
      async (call) => {
        const [term, limit] = [call.query.get('term') ?? '', Number(call.query.get('limit') ?? 0)]
        const filters = parseFilters(call.query.get('filters'))
        sendJson(call, 200, await distribution.search(term, limit, filters))
      },
    ],
    [
      'POST',
      /^\/build\/prune$/,
      async (call) => {
        const { entries } = world.store.list('docker/build-cache/')
        world.store.commit(entries.map(({ key }) => ({ key, value: undefined })))
        await world.store.flushed()
        sendJson(call, 200, {
          CachesDeleted: entries.map(({ key }) =>
            key.slice(key.lastIndexOf('/') + 1, key.lastIndexOf('/') + 26),
          ),
          SpaceReclaimed: 0,
        })
      },
    ],
  ]
}

/** The engine's own id, a UUID that stays: as the engine makes one at its first start. */
function engineId(worldId: string): string {
  const hex = createHash('sha256').update(`docker engine ${worldId}`).digest('hex')
  const variant = '89ab'[Number.parseInt(hex[16]!, 16) % 4]
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
