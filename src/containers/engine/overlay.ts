import { createHash } from 'node:crypto'
import type { Filesystem } from '../runtime.ts'

const FOLDER = '/var/lib/docker/overlay2'
const LINK_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The disk that the engine keeps everything on. */
export const ENGINE_DISK: Filesystem = { source: '/dev/vda1', type: 'ext4', options: 'relatime' }

/** Names of the folders of the layers with these digests, bottom first: each stands on those below it. */
function layerNames(diffIds: readonly string[]): string[] {
  let below = ''
  return diffIds.map((diffId) => {
    below = createHash('sha256').update(`${below} ${diffId}`).digest('hex')
    return below
  })
}

const containerName = (id: string) => createHash('sha256').update(`overlay2 ${id}`).digest('hex')

/** The short name that mount options are given, for their length is bounded. */
const linkOf = (name: string) =>
  `${FOLDER}/l/${[...createHash('sha256').update(name).digest().subarray(0, 26)].map((byte) => LINK_LETTERS[byte % 32]).join('')}`

const driverData = (name: string, lower: readonly string[]) => ({
  Name: 'overlay2',
  Data: {
    ...(lower.length > 0 && { LowerDir: lower.map((one) => `${FOLDER}/${one}/diff`).join(':') }),
    MergedDir: `${FOLDER}/${name}/merged`,
    UpperDir: `${FOLDER}/${name}/diff`,
    WorkDir: `${FOLDER}/${name}/work`,
  },
})

/** `GraphDriver` of an image; null data for one without layers. */
export function imageDriver(diffIds: readonly string[]) {
  const [top, ...lower] = layerNames(diffIds).toReversed()
  return top === undefined ? { Name: 'overlay2', Data: null } : driverData(top, lower)
}

/** `GraphDriver` of a container: its own layer, the one with what the engine puts there, its image's. */
export function containerDriver(id: string, diffIds: readonly string[]) {
  const name = containerName(id)
  return driverData(name, [`${name}-init`, ...layerNames(diffIds).toReversed()])
}

/** The options that a container's root is mounted with. */
export function overlayOptions(id: string, diffIds: readonly string[]): string {
  const name = containerName(id)
  const lower = [`${name}-init`, ...layerNames(diffIds).toReversed()].map(linkOf)
  return `lowerdir=${lower.join(':')},upperdir=${FOLDER}/${name}/diff,workdir=${FOLDER}/${name}/work`
}
