import { createHash, randomBytes } from 'node:crypto'
import { mkdir, realpath, rename, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PtyHostClient } from '../pty-host/client.ts'
import type { Link } from '../pty-host/link.ts'
import type { ShellOptions, Workspace } from '../terminals.ts'
import { CHECKOUT } from '../tools/install.ts'
import { assertBubblewrap, bubblewrapCommand, INSIDE } from './bubblewrap.ts'
import { ControlGroups, type GroupLimits } from './cgroup.ts'
import { seccompFilter } from './seccomp.ts'

/** What one learner's programs may use in one lab. Sizes in bytes. */
export interface SandboxLimits extends GroupLimits {
  /** Of one program: data that is its own. */
  processMemory: number
  openFiles: number
  /** The largest file. */
  fileSize: number
  /** /tmp and /dev/shm, each. */
  temporary: number
}

const MIB = 1024 * 1024
export const SANDBOX_LIMITS: SandboxLimits = {
  memory: 1024 * MIB,
  processes: 256,
  cores: 1,
  processMemory: 2048 * MIB,
  openFiles: 1024,
  fileSize: 512 * MIB,
  temporary: 64 * MIB,
}

/** The product's own files that tools need: programs and what they are written in, but no lab, no solution, no checker. */
const PRODUCT = ['bin', 'generated', 'node_modules', 'package.json', 'src']

/** Joins the control groups named first, opens the filter, and becomes the rest. */
const LAUNCH = 'for group in $0; do echo $$ >"$group" || exit 125; done; exec 9<"$1"; shift; exec "$@"'
const FILTER = 9

export interface SandboxedWorkspaceOptions {
  /** The pty-host's folder. */
  folder: string
  limits?: Partial<SandboxLimits>
}

/** Shells in sandboxes: a learner sees their own home and the system's programs, and reaches their own world only. */
export class SandboxedWorkspace implements Workspace {
  readonly #host: PtyHostClient
  readonly #folder: string
  readonly #limits: SandboxLimits
  readonly #groups: ControlGroups | undefined

  private constructor({ folder, limits }: SandboxedWorkspaceOptions, groups: ControlGroups | undefined) {
    this.#folder = folder
    this.#host = new PtyHostClient({ folder })
    this.#limits = { ...SANDBOX_LIMITS, ...limits }
    this.#groups = groups
  }

  /** Throws when this machine cannot isolate terminals, with what to do. */
  static async open(options: SandboxedWorkspaceOptions): Promise<SandboxedWorkspace> {
    await assertBubblewrap()
    const groups = await ControlGroups.find()
    await groups?.sweep()
    return new SandboxedWorkspace(options, groups)
  }

  /** Whether limits hold for all of a learner's programs together, not only for each. */
  get grouped(): boolean {
    return this.#groups !== undefined
  }

  async open(shell: ShellOptions): Promise<string> {
    const { environment, home, world, toolbox } = shell
    const id = randomBytes(16).toString('base64url')
    const name = nameOf(home)
    const placed = await this.#placedFiles(name, home)
    const filter = seccompFilter(process.arch)
    const filterFile = join(this.#folder, 'seccomp')
    await putFile(filterFile, filter ?? '')
    const targets = await Promise.all(
      toolbox.tools.map(({ target }) =>
        target === undefined ? undefined : realpath(target).catch(() => undefined),
      ),
    )
    const spec = {
      home,
      readable: [
        ...new Set([
          world.caFile,
          toolbox.bin,
          ...PRODUCT.map((path) => join(CHECKOUT, path)),
          ...targets.flatMap((path) =>
            path === undefined || isInside(path, '/usr', CHECKOUT) ? [] : dirname(path),
          ),
        ]),
      ],
      sockets: [dirname(fileURLToPath(world.dockerHost.replace(/^unix:/, 'file:')))],
      placed,
      temporary: this.#limits.temporary,
      ...(filter && { seccomp: FILTER }),
    }
    const groups = (await this.#groups?.open(name, this.#limits)) ?? []
    const words = [
      ...['bash', '-c', LAUNCH, groups.join(' '), filterFile],
      ...this.#processLimits(),
      ...bubblewrapCommand(spec),
      ...['bash', ...(shell.arguments ?? [])],
    ]
    await this.#host.spawn({
      id,
      file: words[0]!,
      arguments: words.slice(1),
      environment: { ...environment, USER: INSIDE.name, LOGNAME: INSIDE.name },
      folder: home,
      network: { id: name, ports: [Number(new URL(world.proxyUrl).port)] },
      // Until the page says its size.
      columns: 80,
      rows: 24,
      ...(shell.recording !== undefined && { record: join(shell.recording, id) }),
    })
    return id
  }

  async list(): Promise<Map<string, { running: boolean }>> {
    const terminals = await this.#host.terminals()
    return new Map(terminals.map(({ id, exit }) => [id, { running: !exit }]))
  }

  async end(terminal: string): Promise<void> {
    await this.#host.end(terminal)
    await this.#groups?.sweep()
  }

  attach(terminal: string, columns: number, rows: number, received?: number): Promise<Link> {
    return this.#host.attach(terminal, columns, rows, received)
  }

  watch(terminal: string): Promise<Link> {
    return this.#host.watch(terminal)
  }

  dial(home: string, port: number): Promise<Socket> {
    return this.#host.dial(nameOf(home), port)
  }

  close(): Promise<void> {
    return this.#host.close()
  }

  stop(): Promise<void> {
    return this.#host.stop()
  }

  /** https://man7.org/linux/man-pages/man1/prlimit.1.html; hard limits, so that nobody raises them again. */
  #processLimits(): string[] {
    const { processes, processMemory, openFiles, fileSize } = this.#limits
    const limits = { nproc: processes, data: processMemory, nofile: openFiles, fsize: fileSize, core: 0 }
    return ['prlimit', ...Object.entries(limits).map(([name, value]) => `--${name}=${value}:${value}`), '--']
  }

  /** The few files that say who and where one is. */
  async #placedFiles(name: string, home: string): Promise<Record<string, string>> {
    const folder = join(this.#folder, 'sandboxes', name)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const { uid, gid, name: user } = INSIDE
    const files = {
      passwd: `root:x:0:0:root:/root:/usr/sbin/nologin\n${user}:x:${uid}:${gid}::${home}:/bin/bash\nnobody:x:65534:65534::/:/usr/sbin/nologin\n`,
      group: `root:x:0:\n${user}:x:${gid}:\nnogroup:x:65534:\n`,
      hosts: '127.0.0.1 localhost drydock\n',
      'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
      'resolv.conf': '',
    }
    const placed: Record<string, string> = {}
    for (const [file, text] of Object.entries(files)) {
      const path = join(folder, file)
      await putFile(path, text)
      placed[`/etc/${file}`] = path
    }
    return placed
  }
}

/** Writes a file that sandboxes which start at this moment read: they find it as it was or as it is, never half of it. */
async function putFile(path: string, content: string | Uint8Array): Promise<void> {
  const part = `${path}.${randomBytes(8).toString('hex')}`
  await writeFile(part, content, { mode: 0o644 })
  await rename(part, path)
}

/** The sandbox of a home, whatever its path holds. */
const nameOf = (home: string) => createHash('sha256').update(home).digest('hex').slice(0, 16)

function isInside(path: string, ...folders: string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`))
}
