import { badRequest } from './api.ts'
import { type ContainerRecord, isUp } from './container-record.ts'
import type { ContainerStore } from './container-store.ts'
import type { ImageRecord, ImageStore } from './image-store.ts'
import { hasLabel } from './labels.ts'
import type { Networks } from './networks.ts'

const STATES = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']

interface Parts {
  store: ContainerStore
  images: ImageStore
  networks: Networks
}

type Test = (record: ContainerRecord, value: string) => boolean

/** The containers that `docker ps` shows: all values of `label`, any value of another filter. Throws EngineError. */
export function listContainers(
  { store, images, networks }: Parts,
  filters: Record<string, string[]>,
  options: { all: boolean; limit: number },
): ContainerRecord[] {
  for (const state of filters.status ?? []) {
    if (!STATES.includes(state))
      throw badRequest(`invalid value for state (${state}): must be one of ${STATES.join(', ')}`)
  }
  const edge = (value: string) => store.require(value).createdAt
  const tests: Record<string, Test> = {
    id: (record, value) => record.id.startsWith(value),
    name: (record, value) => new RegExp(value).test(`/${record.name}`) || new RegExp(value).test(record.name),
    label: ({ config, imageId }, value) =>
      hasLabel({ ...images.get(imageId)?.config.config.Labels, ...config.Labels }, value),
    status: (record, value) => record.status === value,
    exited: (record, value) =>
      record.startedAt !== undefined && !isUp(record) && record.exitCode === Number(value),
    ancestor: (record, value) => isAncestor(images, images.find(value), record.imageId),
    before: (record, value) => record.createdAt < edge(value),
    since: (record, value) => record.createdAt > edge(value),
    volume: ({ mounts }, value) => mounts.some(({ source, target }) => source === value || target === value),
    network: ({ endpoints }, value) => {
      const name = networks.find(value)?.name ?? value
      return name in endpoints
    },
    publish: ({ ports }, value) =>
      ports.some(({ hostPort, protocol }) => portMatches(value, hostPort, protocol)),
    expose: ({ config, imageId }, value) =>
      Object.keys({ ...images.get(imageId)?.config.config.ExposedPorts, ...config.ExposedPorts }).some(
        (port) => portMatches(value, Number.parseInt(port, 10), port.split('/')[1] ?? 'tcp'),
      ),
    health: ({ health }, value) => (health?.status ?? 'none') === value,
    'is-task': (_record, value) => value === 'false' || value === '0',
    isolation: () => true,
  }
  for (const name of Object.keys(filters)) if (!(name in tests)) throw badRequest(`invalid filter '${name}'`)
  const everything = options.all || options.limit > 0 || filters.status || filters.exited
  return store
    .all()
    .filter((record) => everything || isUp(record) || record.status === 'restarting')
    .filter((record) =>
      Object.entries(filters).every(([name, values]) =>
        name === 'label'
          ? values.every((value) => tests.label!(record, value))
          : values.some((value) => tests[name]!(record, value)),
      ),
    )
    .slice(0, options.limit > 0 ? options.limit : undefined)
}

/** Whether an image is the wanted one or was built on it. */
function isAncestor(images: ImageStore, wanted: ImageRecord | undefined, id: string): boolean {
  if (!wanted) return false
  const own = wanted.config.rootfs.diff_ids
  const layers = images.get(id)?.config.rootfs.diff_ids ?? []
  return id === wanted.id || (own.length > 0 && own.every((layer, index) => layers[index] === layer))
}

/** `80`, `80/tcp`, `8000-8080/tcp` */
function portMatches(value: string, port: number, protocol: string): boolean {
  const [range = '', wanted = 'tcp'] = value.split('/')
  const [first = 0, last] = range.split('-').map(Number)
  return protocol === wanted && port >= first && port <= (last ?? first)
}
