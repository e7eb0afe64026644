import { programFile } from '../../catalogue/program-file.ts'
import { file } from '../../files/nodes.ts'
import { resolvePath } from '../../files/tree.ts'
import type { Process, Program } from '../../processes/process.ts'
import { SYSTEM_PACKAGES } from './table.ts'

/** A distribution's packages. */
export type Distribution = 'apk' | 'apt' | 'dnf'

/** A package to install. */
export interface Chosen {
  name: string
  version: string
  /** kB */
  size: number
}

/** `curl=8.1` and `curl~=8` name the package too. */
export const bareName = (word: string) => word.replace(/[=<>~].*$/, '')

/** The packages that were asked for with what they need, in the order of installation; and the names that nothing has. */
export function choose(
  distribution: Distribution,
  words: readonly string[],
): { chosen: Chosen[]; unknown: string[] } {
  const chosen = new Map<string, Chosen>()
  const unknown: string[] = []
  const add = (name: string, asked: boolean) => {
    const found = Object.hasOwn(SYSTEM_PACKAGES, name) ? SYSTEM_PACKAGES[name] : undefined
    const version = found?.[distribution]
    if (!found || !version) {
      if (asked) unknown.push(name)
      return
    }
    for (const need of found.needs ?? []) add(need, false)
    chosen.set(name, { name, version, size: found.size })
  }
  for (const word of words) add(bareName(word), true)
  return { chosen: [...chosen.values()], unknown }
}

/** Where a distribution notes what is installed. */
const DATABASE = '/var/lib/drydock-packages'

/** What has been installed over the image's own packages: name → version. */
export async function installed(process: Process): Promise<Map<string, string>> {
  const { files } = process.machine
  if (!files.exists(DATABASE)) return new Map()
  const text = Buffer.from(await files.read(DATABASE)).toString()
  return new Map(
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' ') as [string, string]),
  )
}

export async function setInstalled(process: Process, packages: ReadonlyMap<string, string>): Promise<void> {
  process.machine.files.makeFolder('/var/lib', { recursive: true })
  process.machine.files.writeSync(
    DATABASE,
    Buffer.from([...packages].map(([name, version]) => `${name} ${version}\n`).join('')),
  )
}

/** Puts a package's commands into the container. */
export function putCommands(process: Process, { name, version }: Chosen): void {
  const { files } = process.machine
  const upstream = version.replace(/^\d+:/, '').replace(/-[^-]*$/, '')
  for (const [path, program] of Object.entries(SYSTEM_PACKAGES[name]!.commands ?? {})) {
    files.makeFolder(resolvePath(path, '..'), { recursive: true })
    if (!files.exists(path)) files.putNode(path, programFile(program, upstream))
  }
  for (const [path, text] of Object.entries(CONFIGURATION[name] ?? {})) {
    files.makeFolder(resolvePath(path, '..'), { recursive: true })
    if (!files.exists(path)) files.putNode(path, file(text))
  }
}

/** Takes a package's commands away. */
export function removeCommands(process: Process, name: string): void {
  const { files } = process.machine
  for (const path of Object.keys(SYSTEM_PACKAGES[name]?.commands ?? {}))
    if (files.exists(path)) files.remove(path)
}

/** The configuration that some packages bring. */
const CONFIGURATION: Record<string, Record<string, string>> = {
  nginx: {
    '/etc/nginx/nginx.conf':
      'user root;\nworker_processes auto;\npid /run/nginx.pid;\nevents { worker_connections 768; }\nhttp {\n    include /etc/nginx/mime.types;\n    default_type application/octet-stream;\n    access_log /var/log/nginx/access.log;\n    error_log /var/log/nginx/error.log;\n    server {\n        listen 80 default_server;\n        root /var/www/html;\n        index index.html;\n    }\n}\n',
    '/etc/nginx/mime.types':
      'types {\n    text/html html htm;\n    text/css css;\n    application/javascript js;\n    application/json json;\n    image/png png;\n    image/svg+xml svg;\n    text/plain txt;\n}\n',
    '/var/www/html/index.html':
      '<!DOCTYPE html>\n<title>Welcome to nginx!</title>\n<h1>Welcome to nginx!</h1>\n',
    '/var/log/nginx/.keep': '',
  },
}

/** Runs a package manager's subcommand; `refuse` answers what there is none for. */
export const subcommands =
  (
    commands: Record<string, (process: Process, words: string[]) => Promise<number>>,
    refuse: Program,
  ): Program =>
  (process) => {
    const [, ...words] = process.argv
    const index = words.findIndex((word) => !word.startsWith('-'))
    const name = index === -1 ? '' : words.splice(index, 1)[0]!
    return Object.hasOwn(commands, name) ? commands[name]!(process, words) : refuse(process)
  }

export const names = (words: readonly string[]) => words.filter((word) => !word.startsWith('-'))
