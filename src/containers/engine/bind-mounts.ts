import { realpathSync } from 'node:fs'
import { basename, dirname, normalize, relative, sep } from 'node:path'
import { canMountHostFolders, HostFolder } from '../files/host-folder.ts'
import type { FileTree } from '../files/tree.ts'
import { type Mount, StartError } from '../runtime.ts'
import { badRequest, EngineError } from './api.ts'
import type { VolumeMount } from './container-record.ts'

/**
 * Folders of the engine's own machine that containers with privileges look into. The machine is simulated: they are
 * there and empty.
 */
const MACHINE_FOLDERS = ['/dev', '/lib/modules', '/proc', '/sys']

const isMachineFolder = (source: string) =>
  MACHINE_FOLDERS.some((folder) => source === folder || source.startsWith(`${folder}/`))

/** What containers may mount of the machine that the learner works on: what is in one folder, the learner's home. */
export class BindMounts {
  readonly #home: () => string | undefined

  constructor(home: () => string | undefined) {
    this.#home = home
  }

  /** Throws EngineError when a container may not mount a path, or with `exists` when nothing is there. */
  check(source: string, { exists }: { exists: boolean }): void {
    if (isMachineFolder(normalize(source))) return
    if (!this.#find(source).node() && exists)
      throw badRequest(
        `invalid mount config for type "bind": bind source path does not exist: ${normalize(source)}`,
      )
  }

  /** The mount as the processes see it. A source that is missing is made, a folder. Throws EngineError and StartError. */
  open({ source, target, readOnly }: VolumeMount, image: FileTree): Mount {
    if (isMachineFolder(normalize(source))) return { path: target, readOnly, files: new Map() }
    const folder = this.#find(source)
    if (!folder.node()) {
      try {
        folder.make()
      } catch (error) {
        throw new EngineError(
          500,
          `error while creating mount source path '${source}': mkdir ${source}: ${(error as Error).message}`,
        )
      }
    }
    const kind = folder.node()?.kind
    const single = kind === 'file'
    const known = kindAt(image, target)
    if (known !== undefined && (known === 'directory') === single) throw mismatch(source, target)
    return { path: target, readOnly, files: new Map(), folder, single }
  }

  #find(asked: string): HostFolder {
    const home = this.#home()
    const source = normalize(asked).replace(/(.)\/+$/, '$1')
    if (home === undefined || !canMountHostFolders()) throw denied(source, 'this cloud shares no folder')
    const root = realPath(home)
    const real = realPath(source)
    if (root === undefined || real === undefined || (real !== root && !real.startsWith(root + sep)))
      throw denied(source, `containers see what is in your home (${home}) only`)
    return new HostFolder(root, relative(root, real).split(sep).filter(Boolean))
  }
}

/** The path without links; what is missing at its end stays as it is. undefined: it cannot be told. */
function realPath(path: string): string | undefined {
  const missing: string[] = []
  for (let at = path; ; at = dirname(at)) {
    try {
      return [realpathSync(at).replace(/\/$/, ''), ...missing].join('/')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || at === dirname(at)) return undefined
      missing.unshift(basename(at))
    }
  }
}

function kindAt(tree: FileTree, path: string): string | undefined {
  try {
    return tree.get(path).kind
  } catch {
    return undefined
  }
}

/** As a daemon refuses that shares some folders of its host only. */
const denied = (source: string, why: string) =>
  new EngineError(
    403,
    `Mounts denied: \nThe path ${source} is not shared from the host and is not known to Docker.\ndrydock: ${why}; use a named volume, docker cp, or COPY the files into the image`,
  )

const mismatch = (source: string, target: string) =>
  new StartError(
    `failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error mounting "${source}" to rootfs at "${target}": mount src=${source}, dst=${target}, dstFd=/proc/thread-self/fd/11, flags=MS_BIND|MS_REC: not a directory: unknown: Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type`,
    127,
  )
