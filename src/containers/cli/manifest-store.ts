import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { configFile } from './config.ts'

/** A platform as a manifest list names it. */
export interface Platform {
  architecture: string
  os: string
  'os.version'?: string
  'os.features'?: string[]
  variant?: string
}

/** A manifest of a list that is being made, as the real client keeps it. */
export interface LocalManifest {
  Ref: string
  Descriptor: { mediaType: string; digest: string; size: number; platform: Platform }
  /** base64 */
  Raw: string
}

/** Lists that `docker manifest create` has made, beside the configuration: a folder each, a file for each manifest. */
export class ManifestStore {
  readonly #folder = join(dirname(configFile()), 'manifests')

  /** The manifests of a list, by the names of their files; undefined: there is no such list. */
  async list(name: string): Promise<LocalManifest[] | undefined> {
    const folder = join(this.#folder, safe(name))
    const files = await readdir(folder).catch(() => undefined)
    if (!files || files.length === 0) return undefined
    return Promise.all(
      files.sort().map(async (file) => JSON.parse(await readFile(join(folder, file), 'utf8'))),
    )
  }

  async save(name: string, manifest: LocalManifest): Promise<void> {
    const folder = join(this.#folder, safe(name))
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, safe(manifest.Ref)), JSON.stringify(manifest))
  }

  remove(name: string): Promise<void> {
    return rm(join(this.#folder, safe(name)), { recursive: true, force: true })
  }
}

const safe = (name: string) => name.replaceAll(':', '-').replaceAll('/', '_')
