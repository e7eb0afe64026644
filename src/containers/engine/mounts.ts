import { normalize } from 'node:path'
import type { Ids } from '#world/ids.ts'
import type { ImageConfig } from '../image.ts'
import { badRequest, EngineError } from './api.ts'
import type { BindMounts } from './bind-mounts.ts'
import type { ContainerConfig, ContainerRecord, HostConfig, VolumeMount } from './container-record.ts'

interface MountSources {
  image: ImageConfig['config']
  config: ContainerConfig
  hostConfig: HostConfig
  ids: Ids
  binds: BindMounts
  /** The container that `--volumes-from` names. Throws EngineError. */
  container: (name: string) => ContainerRecord
}

/**
 * What a container mounts: by `-v`, `--mount`, `--tmpfs`, `--volumes-from`, and the VOLUMEs of its image for which nothing
 * else is mounted. Throws EngineError with the engine's text.
 */
export function resolveMounts({
  image,
  config,
  hostConfig,
  ids,
  binds,
  container,
}: MountSources): VolumeMount[] {
  const mounts = new Map<string, VolumeMount>()
  const add = (mount: VolumeMount) => {
    const target = mount.target.replace(/(.)\/+$/, '$1')
    if (!target.startsWith('/'))
      throw badRequest(
        `invalid mount config for type "${mount.type}": invalid mount path: '${target}' mount path must be absolute`,
      )
    if (target === '/') throw badRequest("invalid specification: destination can't be '/'")
    mounts.set(target, { ...mount, target })
  }
  const anonymous = (target: string) =>
    add({ type: 'volume', source: ids.hex(64), target, readOnly: false, anonymous: true, noCopy: false })

  for (const from of hostConfig.VolumesFrom ?? []) {
    const [name = '', mode] = from.split(':')
    for (const mount of container(name).mounts) add({ ...mount, readOnly: mode === 'ro' || mount.readOnly })
  }
  for (const bind of hostConfig.Binds ?? []) add(parseBind(bind, binds))
  for (const request of hostConfig.Mounts ?? []) {
    const { Type, Source, Target, ReadOnly = false } = request
    if (mounts.has(Target)) throw badRequest(`Duplicate mount point: ${Target}`)
    switch (Type) {
      case 'volume':
        add({
          type: 'volume',
          source: Source || ids.hex(64),
          target: Target,
          readOnly: ReadOnly,
          anonymous: !Source,
          noCopy: request.VolumeOptions?.NoCopy ?? false,
        })
        break
      case 'tmpfs':
        add(tmpfs(Target))
        break
      case 'bind':
        if (!Source?.startsWith('/'))
          throw badRequest(
            `invalid mount config for type "bind": invalid mount path: '${Source ?? ''}' mount path must be absolute`,
          )
        binds.check(Source, { exists: request.BindOptions?.CreateMountpoint !== true })
        add(bindOf(Source, Target, ReadOnly))
        break
      default:
        throw new EngineError(501, `drydock: mounts of type ${Type} are not simulated; use a volume`)
    }
  }
  for (const target of Object.keys(hostConfig.Tmpfs ?? {})) add(tmpfs(target))
  for (const target of Object.keys({ ...image.Volumes, ...config.Volumes })) {
    if (!mounts.has(target)) anonymous(target)
  }
  return [...mounts.values()]
}

const tmpfs = (target: string): VolumeMount => ({
  type: 'tmpfs',
  source: '',
  target,
  readOnly: false,
  anonymous: false,
  noCopy: true,
})

/** `name:/path[:ro,nocopy]` or `/folder:/path[:ro]`. */
function parseBind(text: string, binds: BindMounts): VolumeMount {
  const [source = '', target = '', options = '', ...more] = text.split(':')
  const modes = options.split(',').filter(Boolean)
  if (more.length > 0 || target === '' || source === '')
    throw badRequest(`invalid volume specification: '${text}'`)
  const unknown = modes.find(
    (mode) => !/^(?:ro|rw|z|Z|nocopy|r?(?:shared|slave|private)|cached|delegated|consistent)$/.test(mode),
  )
  if (unknown) throw badRequest(`invalid mode: ${options}`)
  const readOnly = modes.includes('ro')
  if (source.startsWith('/')) {
    binds.check(source, { exists: false })
    return bindOf(source, target, readOnly)
  }
  return { type: 'volume', source, target, readOnly, anonymous: false, noCopy: modes.includes('nocopy') }
}

const bindOf = (source: string, target: string, readOnly: boolean): VolumeMount => ({
  type: 'bind',
  source: normalize(source).replace(/(.)\/+$/, '$1'),
  target,
  readOnly,
  anonymous: false,
  noCopy: true,
})
