import { resolvePath } from '#containers/files/tree.ts'
import type { ContainerFs } from '#containers/processes/container-fs.ts'
import type { Mount } from '#containers/runtime.ts'
import type { World } from '#world/world.ts'
import { VolumeStore } from '../volumes/files.ts'

type File = Mount['files'] extends Map<string, infer Value> ? Value : never

/** A folder or file of a machine as a volume of its pods (`hostPath`): both sides see what the other writes. */
class HostFiles extends Map<string, File> {
  readonly #files: ContainerFs
  readonly #base: string

  constructor(files: ContainerFs, base: string) {
    super()
    this.#files = files
    this.#base = resolvePath('/', base)
  }

  #path(inside: string): string {
    return inside === '' ? this.#base : resolvePath(this.#base, inside)
  }

  override get(inside: string): File | undefined {
    const node = this.#files.find(this.#path(inside))
    if (node?.kind === 'directory')
      return inside.endsWith('/') ? { content: new Uint8Array(), mode: node.mode } : undefined
    if (node?.kind !== 'file' || !(node.content instanceof Uint8Array)) return undefined
    return { content: node.content, mode: node.mode }
  }

  override has(inside: string): boolean {
    return this.get(inside) !== undefined
  }

  override set(inside: string, { content, mode }: File): this {
    const path = this.#path(inside)
    if (inside.endsWith('/')) this.#files.makeFolder(path, { recursive: true })
    else {
      this.#files.makeFolder(resolvePath(path, '..'), { recursive: true })
      this.#files.writeSync(path, content, mode)
    }
    return this
  }

  override delete(inside: string): boolean {
    if (!this.#files.exists(this.#path(inside))) return false
    this.#files.remove(this.#path(inside), { recursive: true })
    return true
  }

  override get size(): number {
    return [...this.keys()].length
  }

  override *keys(): MapIterator<string> {
    yield* this.#walk(this.#base, '')
  }

  override *entries(): MapIterator<[string, File]> {
    for (const inside of this.keys()) {
      const file = this.get(inside)
      if (file) yield [inside, file]
    }
  }

  override [Symbol.iterator](): MapIterator<[string, File]> {
    return this.entries()
  }

  override *values(): MapIterator<File> {
    for (const [, file] of this.entries()) yield file
  }

  *#walk(path: string, inside: string): Generator<string> {
    const node = this.#files.find(path)
    if (node?.kind === 'file') yield inside
    if (node?.kind !== 'directory') return
    if (inside !== '' && node.children.size === 0) yield `${inside}/`
    for (const name of node.children.keys())
      yield* this.#walk(`${path}/${name}`, inside === '' ? name : `${inside}/${name}`)
  }
}

/** The volumes of pods on machines: `hostPath` is the machine's own file system, the others are a cluster's as ever. */
export class MachineVolumes extends VolumeStore {
  readonly #filesOf: (node: string) => ContainerFs | undefined

  constructor(world: World, uid: string, filesOf: (node: string) => ContainerFs | undefined) {
    super(world, uid)
    this.#filesOf = filesOf
  }

  override openHost(node: string, path: string, type = ''): Mount['files'] {
    const files = this.#filesOf(node)
    if (!files) return super.openHost(node, path, type)
    const found = files.find(path)
    const failed = (what: string) => new Error(`hostPath type check failed: ${path} is not a ${what}`)
    if (type === 'Directory' && found?.kind !== 'directory') throw failed('directory')
    if (type === 'File' && found?.kind !== 'file') throw failed('file')
    if (type === 'FileOrCreate' && !found) files.writeSync(path, new Uint8Array())
    else if (!found && type !== 'FileOrCreate') files.makeFolder(path, { recursive: true })
    return new HostFiles(files, path)
  }
}
