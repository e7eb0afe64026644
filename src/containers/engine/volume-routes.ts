import {
  badRequest,
  EngineError,
  isTrue,
  notFound,
  parseFilters,
  type Route,
  readJson,
  sendJson,
  sendNothing,
} from './api.ts'
import { hasLabel, pruneFilter } from './labels.ts'
import type { EngineParts } from './parts.ts'
import type { VolumeRecord } from './volumes.ts'

/** A volume as the API shows it. */
export const volumeView = ({ name, createdAt, anonymous, labels, options }: VolumeRecord) => ({
  CreatedAt: new Date(createdAt).toISOString().replace(/\.\d+Z$/, 'Z'),
  Driver: 'local',
  Labels: anonymous ? { ...labels, 'com.docker.volume.anonymous': '' } : (labels ?? null),
  Mountpoint: `/var/lib/docker/volumes/${name}/_data`,
  Name: name,
  Options: options ?? null,
  Scope: 'local',
})

/** Options of the local driver. */
const VOLUME_OPTIONS = ['type', 'o', 'device', 'size']

/** Volumes: create, list, inspect, remove, prune. */
export function volumeRoutes({ world, store, volumes, events }: EngineParts): Route[] {
  const used = ({ name }: VolumeRecord) => volumes.users(name, store.all()).length > 0
  const tests: Record<string, (volume: VolumeRecord, value: string) => boolean> = {
    dangling: (volume, value) => isTrue(value) !== used(volume),
    driver: (_volume, value) => value === 'local',
    label: (volume, value) => hasLabel(volumeView(volume).Labels ?? {}, value),
    name: ({ name }, value) => name.includes(value),
  }
  return [
    [
      'GET',
      /^\/volumes$/,
      (call) => {
        const filters = parseFilters(call.query.get('filters'))
        for (const name of Object.keys(filters))
          if (!tests[name]) throw badRequest(`invalid filter '${name}'`)
        const list = volumes
          .all()
          .filter((volume) =>
            Object.entries(filters).every(([name, values]) =>
              name === 'label'
                ? values.every((value) => tests.label!(volume, value))
                : values.some((value) => tests[name]!(volume, value)),
            ),
          )
        sendJson(call, 200, { Volumes: list.map(volumeView), Warnings: null })
      },
    ],
    [
      'POST',
      /^\/volumes\/create$/,
      async (call) => {
        const { Name, Driver, Labels, DriverOpts } = await readJson(call)
        if (Driver && Driver !== 'local')
          throw notFound(
            `create ${Name || ''}: error looking up volume plugin ${Driver}: plugin "${Driver}" not found`,
          )
        const unknown = Object.keys(DriverOpts ?? {}).find((name) => !VOLUME_OPTIONS.includes(name))
        if (unknown !== undefined) throw badRequest(`create ${Name || ''}: invalid option: "${unknown}"`)
        if (DriverOpts && Object.keys(DriverOpts).length > 0 && DriverOpts.type !== 'tmpfs')
          throw new EngineError(501, 'drydock: volumes on devices and network file systems are not simulated')
        const name = Name || world.ids.hex(64)
        const made = !volumes.has(name)
        const volume = volumes.create(name, {
          anonymous: !Name,
          labels: Labels ?? undefined,
          options: DriverOpts && Object.keys(DriverOpts).length > 0 ? DriverOpts : undefined,
        })
        await world.store.flushed()
        if (made) events.emit('volume', 'create', name, { driver: 'local' })
        sendJson(call, 201, volumeView(volume))
      },
    ],
    [
      'POST',
      /^\/volumes\/prune$/,
      async (call) => {
        const filters = parseFilters(call.query.get('filters'))
        const everything = isTrue(filters.all?.[0] ?? null)
        const goes = pruneFilter(filters, world.clock.now(), ['all'])
        const gone = volumes.all().filter((volume) => {
          const { anonymous, createdAt } = volume
          return (
            (anonymous || everything) &&
            !used(volume) &&
            goes({ createdAt, labels: volumeView(volume).Labels })
          )
        })
        let space = 0
        for (const volume of gone) {
          space += await volumes.sizeOf(volume)
          volumes.remove(volume.name, [])
          events.emit('volume', 'destroy', volume.name, { driver: 'local' })
        }
        await world.store.flushed()
        sendJson(call, 200, { VolumesDeleted: gone.map(({ name }) => name), SpaceReclaimed: space })
      },
    ],
    [
      'GET',
      /^\/volumes\/([^/]+)$/,
      (call) => sendJson(call, 200, volumeView(volumes.require(call.params[0]!))),
    ],
    [
      'DELETE',
      /^\/volumes\/([^/]+)$/,
      async (call) => {
        const name = call.params[0]!
        if (!volumes.has(name) && isTrue(call.query.get('force'))) return sendNothing(call)
        volumes.remove(name, store.all())
        await world.store.flushed()
        events.emit('volume', 'destroy', name, { driver: 'local' })
        sendNothing(call)
      },
    ],
  ]
}
