import { type DirectoryNode, symlink, type TreeNode } from '../files/nodes.ts'
import { FileError } from '../files/tree.ts'
import type { ContainerSpec, Mount, MountedFolder } from '../runtime.ts'
import { controlGroup } from './control-group.ts'
import { listing, telling, tellings } from './kernel-nodes.ts'
import type { Machine } from './machine.ts'
import { mountTable } from './mount-table.ts'
import { processFiles } from './process-files.ts'
import { systemFiles } from './system-files.ts'

/** The file systems that the kernel makes up: `/proc` and the control group's. */
export class KernelFiles {
  readonly #spec: ContainerSpec
  /** Whose they are. */
  machine: Machine | undefined

  constructor(spec: ContainerSpec) {
    this.#spec = spec
  }

  get mounts(): Mount[] {
    const readOnly = !(this.#spec.privileged ?? false)
    const mounted = (path: string, node: () => TreeNode): Mount => ({
      path,
      files: new Map(),
      folder: new KernelFolder(node, this, readOnly),
    })
    return [
      mounted('/proc', () => this.#processes()),
      mounted('/sys/fs/cgroup', () => tellings(controlGroup(this.machine!))),
    ]
  }

  #processes(): DirectoryNode {
    const machine = this.machine!
    const fixed = systemFiles(machine)
    const names = [...Object.keys(fixed), 'mounts', 'self', 'sys']
    return listing(
      () => [...[...machine.processes.keys()].map(String), ...names],
      (name) => {
        if (Object.hasOwn(fixed, name)) return telling(fixed[name]!)
        if (name === 'mounts') return symlink('self/mounts')
        if (name === 'self') return symlink(String(this.#self()))
        if (name === 'sys') return settingsFolder(machine.sysctls, '')
        const process = /^\d+$/.test(name) ? machine.processes.get(Number(name)) : undefined
        return process && processFiles(process, () => wholeText(mountTable(this.#spec).pieces))
      },
    )
  }

  /** Who is asking; when nobody of the container is, its first process. */
  #self(): number {
    const { current, processes } = this.machine!
    return current && !current.status ? current.pid : Math.min(...processes.keys(), 1)
  }
}

const wholeText = (pieces: readonly Uint8Array[]): string => Buffer.concat(pieces).toString()

/** `/proc/sys`: a setting's name with slashes. */
function settingsFolder(sysctls: ReadonlyMap<string, string>, prefix: string): DirectoryNode {
  const below = () => [...sysctls.keys()].filter((name) => name.startsWith(prefix))
  return listing(
    () => [...new Set(below().map((name) => name.slice(prefix.length).split('.')[0]!))],
    (part) => {
      const name = `${prefix}${part}`
      if (sysctls.has(name)) return telling(() => `${sysctls.get(name)}\n`, 0o644)
      return below().some((other) => other.startsWith(`${name}.`))
        ? settingsFolder(sysctls, `${name}.`)
        : undefined
    },
  )
}

/** A file system of the kernel as a mount: of all in it only settings can be written to, and those with privileges. */
class KernelFolder implements MountedFolder {
  readonly node: () => TreeNode
  readonly #files: KernelFiles
  readonly #readOnly: boolean

  constructor(node: () => TreeNode, files: KernelFiles, readOnly: boolean) {
    this.node = node
    this.#files = files
    this.#readOnly = readOnly
  }

  write(path: string, content: Uint8Array): void {
    const setting = /^sys\/(.+)$/.exec(path)?.[1]?.replaceAll('/', '.')
    const { sysctls } = this.#files.machine!
    if (!setting || !sysctls.has(setting)) throw new FileError('EACCES', 'open', path)
    if (this.#readOnly) throw new FileError('EROFS', 'open', path)
    sysctls.set(setting, Buffer.from(content).toString().trim().replaceAll(/\s+/g, '\t'))
  }

  makeFolder(path: string): void {
    throw new FileError('ENOENT', 'mkdir', path)
  }

  remove(path: string): void {
    throw new FileError('EPERM', 'unlink', path)
  }

  setMode(path: string): void {
    throw new FileError('EPERM', 'chmod', path)
  }
}
