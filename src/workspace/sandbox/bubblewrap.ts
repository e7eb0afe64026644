import { execFile } from 'node:child_process'
import { lstatSync, readlinkSync } from 'node:fs'
import { promisify } from 'node:util'

/** Ids inside: a person like any other. */
export const INSIDE = { uid: 1000, gid: 1000, name: 'learner' } as const

/** Files of the system that programs read, as far as they are there. Nothing of its users, secrets or services. */
const SYSTEM_FILES = [
  '/etc/alternatives',
  '/etc/bash.bashrc',
  '/etc/ca-certificates',
  '/etc/ca-certificates.conf',
  '/etc/inputrc',
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/localtime',
  '/etc/mime.types',
  '/etc/pki',
  '/etc/profile',
  '/etc/profile.d',
  '/etc/ssl',
  '/etc/terminfo',
  '/etc/vim',
]
/** Folders that are links into /usr on today's systems and real ones on older. */
const SYSTEM_FOLDERS = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']

/** What a sandbox holds. */
export interface SandboxSpec {
  /** The learner's home: the only place on the disk that can be written. The same path inside. */
  home: string
  /** Files and folders that can be read, beside the system's programs. */
  readable: string[]
  /** Folders with sockets that can be connected to. */
  sockets: string[]
  /** Files that stand elsewhere inside: `/etc/passwd` → a file of ours. */
  placed: Record<string, string>
  /** Size of /tmp, bytes. */
  temporary: number
  /** The number of an open file with a seccomp filter. */
  seccomp?: number
}

/**
 * The words of a `bwrap` command up to the program that it runs. Everything is new and private but the network, which the
 * command is started in. https://github.com/containers/bubblewrap
 */
export function bubblewrapCommand(spec: SandboxSpec): string[] {
  const bind = (option: string, path: string) => [option, path, path]
  return [
    'bwrap',
    ...['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    ...[
      '--uid',
      String(INSIDE.uid),
      '--gid',
      String(INSIDE.gid),
      '--cap-drop',
      'ALL',
      '--hostname',
      'drydock',
    ],
    '--die-with-parent',
    ...bind('--ro-bind', '/usr'),
    ...SYSTEM_FOLDERS.flatMap(systemFolder),
    ...SYSTEM_FILES.flatMap((path) => bind('--ro-bind-try', path)),
    ...Object.entries(spec.placed).flatMap(([path, file]) => ['--ro-bind', file, path]),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...['--size', String(spec.temporary), '--tmpfs', '/tmp', '--chmod', '1777', '/tmp'],
    ...['--size', String(spec.temporary), '--tmpfs', '/dev/shm', '--chmod', '1777', '/dev/shm'],
    ...['--dir', '/run', '--symlink', '../run', '/var/run', '--symlink', '../tmp', '/var/tmp'],
    ...spec.readable.flatMap((path) => bind('--ro-bind', path)),
    ...spec.sockets.flatMap((path) => bind('--bind', path)),
    ...bind('--bind', spec.home),
    ...['--remount-ro', '/', '--chdir', spec.home],
    ...(spec.seccomp === undefined ? [] : ['--seccomp', String(spec.seccomp)]),
    '--',
  ]
}

function systemFolder(path: string): string[] {
  try {
    return lstatSync(path).isSymbolicLink()
      ? ['--symlink', readlinkSync(path), path]
      : ['--ro-bind', path, path]
  } catch {
    return []
  }
}

/** Throws when terminals cannot be isolated on this machine, with what to do about it. */
export async function assertBubblewrap(): Promise<void> {
  const next =
    'On Debian and Ubuntu: apt-get install bubblewrap util-linux. In a container, allow user namespaces and an unmasked /proc (see deploy/).'
  if (process.platform !== 'linux') {
    throw new Error(`Terminals can be isolated on Linux only, and this is ${process.platform}.`)
  }
  try {
    await promisify(execFile)('bwrap', [
      ...[
        '--unshare-user',
        '--unshare-pid',
        '--unshare-net',
        '--ro-bind',
        '/',
        '/',
        '--proc',
        '/proc',
        '--dev',
        '/dev',
      ],
      'true',
    ])
    await promisify(execFile)('nsenter', ['--version'])
  } catch (error) {
    const { code, stderr } = error as { code?: string | number; stderr?: string }
    const why = code === 'ENOENT' ? 'bubblewrap or util-linux is missing' : (stderr?.trim() ?? String(error))
    throw new Error(`Terminals cannot be isolated on this machine: ${why}. ${next}`)
  }
}
