import { constants } from 'node:fs'
import { access, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const ROOT = '/sys/fs/cgroup'
/** The parent of all workspaces' groups. */
const PARENT = 'drydock'
/** Of cpu.max and cpu.cfs_period_us: microseconds. */
const PERIOD = 100_000
/** What all programs of one workspace may use together. */
export interface GroupLimits {
  /** Bytes, with what they hold in /tmp. */
  memory: number
  processes: number
  /** Cores; 0.5 is half of one. */
  cores: number
}

/** Control groups as this system offers them to us: version 2, version 1, or not at all. */
export class ControlGroups {
  readonly #folders: string[]
  readonly #version: 1 | 2

  private constructor(version: 1 | 2, folders: string[]) {
    this.#version = version
    this.#folders = folders
  }

  /** Undefined when none can be made: the limits of single processes have to do. */
  static async find(): Promise<ControlGroups | undefined> {
    const own = (await readFile('/proc/self/cgroup', 'utf8').catch(() => '')).trim().split('\n')
    const unified = own.find((line) => line.startsWith('0::'))?.slice(3)
    const controllers = await readFile(join(ROOT, 'cgroup.controllers'), 'utf8').catch(() => '')
    if (unified !== undefined && ['memory', 'pids', 'cpu'].every((name) => controllers.includes(name))) {
      const folder = join(ROOT, unified, PARENT)
      if (await makes(folder)) {
        // Only a group without processes of its own hands its controllers down: the service manager delegates one.
        const handed = await writeFile(join(folder, 'cgroup.subtree_control'), '+memory +pids +cpu').then(
          () => true,
          () => false,
        )
        if (handed) return new ControlGroups(2, [folder])
      }
    }
    const folders = ['memory', 'pids', 'cpu'].map((name) => join(ROOT, name, PARENT))
    for (const folder of folders) if (!(await makes(folder))) return undefined
    return new ControlGroups(1, folders)
  }

  /** Makes a workspace's group, or gives it its limits anew; gives the files that a process writes itself into to join. */
  async open(name: string, { memory, processes, cores }: GroupLimits): Promise<string[]> {
    const quota = Math.round(cores * PERIOD)
    const files: Record<string, string | number> =
      this.#version === 2
        ? {
            'memory.max': memory,
            'memory.swap.max': 0,
            'pids.max': processes,
            'cpu.max': `${quota} ${PERIOD}`,
          }
        : {
            'memory.limit_in_bytes': memory,
            'pids.max': processes,
            'cpu.cfs_period_us': PERIOD,
            'cpu.cfs_quota_us': quota,
          }
    for (const folder of this.#folders) await mkdir(join(folder, name), { recursive: true })
    for (const [file, value] of Object.entries(files)) {
      for (const folder of this.#folders) {
        const path = join(folder, name, file)
        if (await isWritable(path)) await writeFile(path, String(value))
      }
    }
    return this.#folders.map((folder) => join(folder, name, 'cgroup.procs'))
  }

  /** Removes the groups whose programs are all gone. */
  async sweep(): Promise<void> {
    for (const folder of this.#folders) {
      for (const entry of await readdir(folder, { withFileTypes: true })) {
        // One with programs in it is not removed.
        if (entry.isDirectory()) await rmdir(join(folder, entry.name)).catch(() => {})
      }
    }
  }
}

async function makes(folder: string): Promise<boolean> {
  return mkdir(folder, { recursive: true }).then(
    () => isWritable(folder),
    () => false,
  )
}

function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  )
}
