import { parseFilters, type Route, readJson, sendJson, sendNothing } from './api.ts'
import type { EngineParts } from './parts.ts'
import type { VolumeRecord } from './volumes.ts'

/** A volume as the API shows it. */
const view = ({ name, createdAt, anonymous }: VolumeRecord) => ({
  CreatedAt: new Date(createdAt).toISOString().replace(/\.\d+Z$/, 'Z'),
  Driver: 'local',
  Labels: anonymous ? { 'com.docker.volume.anonymous': '' } : null,
  Mountpoint: `/var/lib/docker/volumes/${name}/_data`,
  Name: name,
  Options: null,
  Scope: 'local',
})

/** Volumes: create, list, inspect, remove, prune. */
export function volumeRoutes({ world, containers }: EngineParts): Route[] {
  const { volumes } = containers
  return [
    [
      'GET',
      /^\/volumes$/,
      (call) => {
        const { name: names } = parseFilters(call.query.get('filters'))
        const list = volumes.all().filter(({ name }) => !names || names.some((part) => name.includes(part)))
        sendJson(call, 200, { Volumes: list.map(view), Warnings: null })
      },
    ],
    [
      'POST',
      /^\/volumes\/create$/,
      async (call) => {
        const { Name } = await readJson(call)
        const volume = volumes.create(Name || world.ids.hex(64), !Name)
        await world.store.flushed()
        sendJson(call, 201, view(volume))
      },
    ],
    [
      'POST',
      /^\/volumes\/prune$/,
      async (call) => {
        const { all } = parseFilters(call.query.get('filters'))
        const VolumesDeleted = volumes.prune(containers.all(), all?.includes('true') ?? false)
        await world.store.flushed()
        sendJson(call, 200, { VolumesDeleted, SpaceReclaimed: 0 })
      },
    ],
    ['GET', /^\/volumes\/([^/]+)$/, (call) => sendJson(call, 200, view(volumes.require(call.params[0]!)))],
    [
      'DELETE',
      /^\/volumes\/([^/]+)$/,
      async (call) => {
        volumes.remove(call.params[0]!, containers.all())
        await world.store.flushed()
        sendNothing(call)
      },
    ],
  ]
}
