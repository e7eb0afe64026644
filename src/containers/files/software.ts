import { readProgramMark } from '../catalogue/program-file.ts'
import { contentSize, type DirectoryNode, type FileNode, readContent, streamContent } from './nodes.ts'
import { FileTree } from './tree.ts'

/** An installed package and the file that says so. */
export interface InstalledPackage {
  name: string
  version: string
  /** Whose package it is; `program`: an executable without a package database. */
  ecosystem: 'debian' | 'alpine' | 'npm' | 'pypi' | 'program'
  path: string
}

/** The operating system of a file tree and the packages in it. */
export interface InstalledSoftware {
  os?: { id: string; version: string; name: string }
  packages: InstalledPackage[]
}

/** Bytes at the beginning of an executable in which its mark stands. */
const HEAD = 512

/** Looks through a file tree as a vulnerability scanner does: release file, package databases, language packages, executables. */
export async function installedSoftware(root: DirectoryNode): Promise<InstalledSoftware> {
  const packages = new Map<string, InstalledPackage>()
  const add = (found: InstalledPackage) => {
    const known = [...packages.values()].find(
      ({ name, version, ecosystem }) =>
        name === found.name &&
        version === found.version &&
        (ecosystem === found.ecosystem || found.ecosystem === 'program'),
    )
    if (!known) packages.set(`${found.ecosystem} ${found.name} ${found.version} ${found.path}`, found)
  }
  for (const [path, ecosystem, pattern] of DATABASES) {
    for (const block of (await text(root, path)).split('\n\n')) {
      const [, name, version] = pattern.exec(block) ?? []
      if (name && version) add({ name, version, ecosystem, path })
    }
  }
  for (const { path, node } of files(root)) {
    const found = await describe(path, node)
    if (found) add(found)
  }
  return { os: await operatingSystem(root), packages: [...packages.values()] }
}

const DATABASES: [path: string, ecosystem: 'debian' | 'alpine', pattern: RegExp][] = [
  ['/var/lib/dpkg/status', 'debian', /^Package: (\S+)$[\s\S]*^Version: (\S+)$/m],
  ['/lib/apk/db/installed', 'alpine', /^P:(\S+)$[\s\S]*^V:(\S+)$/m],
]

async function operatingSystem(root: DirectoryNode): Promise<InstalledSoftware['os']> {
  const release = await text(root, '/etc/os-release')
  const value = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(release)?.[1]
  const id = value('ID')
  return id === undefined
    ? undefined
    : { id, version: value('VERSION_ID') ?? '', name: value('PRETTY_NAME') ?? id }
}

/** A text file by its path, symlinks followed; empty when there is none. */
async function text(root: DirectoryNode, path: string): Promise<string> {
  try {
    const node = new FileTree(root).get(path)
    return node.kind === 'file' ? Buffer.from(await readContent(node.content)).toString() : ''
  } catch {
    return ''
  }
}

function* files(folder: DirectoryNode, at = ''): Generator<{ path: string; node: FileNode }> {
  for (const [name, node] of folder.children) {
    if (node.kind === 'directory') yield* files(node, `${at}/${name}`)
    else if (node.kind === 'file') yield { path: `${at}/${name}`, node }
  }
}

/** The package that a single file makes known. */
async function describe(path: string, node: FileNode): Promise<InstalledPackage | undefined> {
  if (/\/node_modules\/(?:@[^/]+\/)?[^/]+\/package\.json$/.test(path)) {
    const { name, version } = parseJson(Buffer.from(await readContent(node.content)).toString())
    return name && version ? { name, version, ecosystem: 'npm', path } : undefined
  }
  if (/\.dist-info\/METADATA$/.test(path)) {
    const metadata = Buffer.from(await readContent(node.content)).toString()
    const [, name] = /^Name: (\S+)$/m.exec(metadata) ?? []
    const [, version] = /^Version: (\S+)$/m.exec(metadata) ?? []
    return name && version ? { name: name.toLowerCase(), version, ecosystem: 'pypi', path } : undefined
  }
  if (!/\/s?bin\/[^/]+$/.test(path) || (node.mode & 0o111) === 0) return undefined
  for await (const head of streamContent(node.content, 0, Math.min(HEAD, contentSize(node.content)))) {
    const mark = readProgramMark(head)
    return mark && { name: mark.program, version: mark.version, ecosystem: 'program', path }
  }
  return undefined
}

function parseJson(source: string): { name?: string; version?: string } {
  try {
    return JSON.parse(source)
  } catch {
    return {}
  }
}
